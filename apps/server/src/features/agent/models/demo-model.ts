import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import type { Logger } from "../../../platform/logger.ts";

/** The scripted model of the demo: a separate process, started on first use and again after it exited. */
export interface DemoModel {
  /** Base URL of its OpenAI protocol. */
  url(): Promise<string>;
  close(): Promise<void>;
}

const startMs = 15_000;

/**
 * `command` starts a server that prints one line of JSON with its `openai_base_url` and ends when its standard input closes,
 * so it cannot outlive this process (`packages/testkit/src/demo/server.ts`).
 */
export function createDemoModel({ command, log }: { command: readonly [string, ...string[]]; log: Logger }): DemoModel {
  let running: { child: ChildProcess; url: Promise<string> } | undefined;

  const start = () => {
    const [file, ...args] = command;
    // Without our environment, because it needs no secrets.
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "ignore"], env: {} });
    child.stdin?.on("error", () => undefined);
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const timer = setTimeout(() => {
      reject(new Error("the demo model did not start in time"));
      child.kill("SIGKILL");
    }, startMs);
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = /"openai_base_url":"(http:[^"]+)"/.exec(line)?.[1];
      if (found) resolve(found);
    });
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      reject(new Error(`the demo model ended (${signal ?? code})`));
      if (running?.child === child) running = undefined;
    });
    const url = promise.finally(() => clearTimeout(timer));
    url.then(
      () => log.info({ pid: child.pid }, "demo model started"),
      (err: unknown) => log.error({ err }, "demo model failed"),
    );
    return { child, url };
  };
  return {
    url: () => (running ??= start()).url,
    close: async () => {
      const child = running?.child;
      if (!child || child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.stdin?.end();
      const timer = setTimeout(() => child.kill("SIGKILL"), 1_000);
      await ended;
      clearTimeout(timer);
    },
  };
}
