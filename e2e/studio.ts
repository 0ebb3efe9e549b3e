import { spawn, type ChildProcess } from "node:child_process";
import { realpathSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@tesslate/testkit";
import { startDockerEngine, type DockerEngine } from "@tesslate/testkit/docker-engine";
import { disown, own } from "./belongings.ts";
import type { Images } from "./images.ts";
import { removeLeftovers } from "./leftovers.ts";

const root = join(import.meta.dirname, "..");

/** A real server of the built product in a process of its own, on a free port and a fresh data folder. */
export interface RunningStudio {
  url: string;
  port: number;
  dataDir: string;
  process: ChildProcess;
  /** `DOCKER_HOST` of the engine it uses, where that is one of our own. */
  dockerHost: string | undefined;
  output(): string;
  /** kill -9, nothing else. */
  kill(): Promise<void>;
  /** Starts again on the same data and port. */
  restart(): Promise<void>;
  /** Orderly stop. Then the data folder is deleted, and what still runs of it is ended; it is also when this process ends without a word. */
  close(): Promise<void>;
}

/** With `RUNTIME_DRIVER=docker` and no engine named, one of our own: the machine's is left alone. */
async function engineFor({ RUNTIME_DRIVER, DOCKER_HOST }: NodeJS.ProcessEnv): Promise<DockerEngine | undefined> {
  if (RUNTIME_DRIVER !== "docker" || DOCKER_HOST) return undefined;
  const engine = await startDockerEngine();
  if (engine.reason !== undefined) throw new Error(engine.reason);
  return engine;
}

export async function startStudio(
  env: Record<string, string> = {},
  options: { dataDir?: string; images?: Images | undefined } = {},
): Promise<RunningStudio> {
  const port = await freePort();
  const dataDir = options.dataDir ?? realpathSync(await mkdtemp(join(tmpdir(), "studio-e2e-")));
  if (!options.dataDir) own(dataDir);
  await options.images?.supply(dataDir);
  const engine = await engineFor({ ...process.env, ...env });
  let output = "";
  const url = `http://localhost:${port}`;
  const spawnServer = async () => {
    const child = spawn(process.execPath, [join(root, "apps/server/dist/main.js")], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        PORT: String(port),
        DATA_DIR: dataDir,
        RATE_LIMIT_FACTOR: "0",
        TIER_MAX_PROJECTS_FREE: "1000",
        LOG_LEVEL: "info",
        AGENT_CHAT_TITLES: "0",
        ...(engine && { DOCKER_HOST: engine.host }),
        ...env,
      },
    });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => (output = (output + text).slice(-400_000)));
    // One that ends says so at once; how long the others take is a matter of what else the machine does.
    for (const until = Date.now() + 5 * 60_000; ; await sleep(50)) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the server ended (${child.signalCode ?? child.exitCode}):\n${output.slice(-4000)}`);
      const isUp = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2000) }).then(
        (r) => r.ok,
        () => false,
      );
      if (isUp) return child;
      if (Date.now() < until) continue;
      child.kill("SIGKILL");
      throw new Error(`the server did not come up:\n${output.slice(-4000)}`);
    }
  };
  const ended = (child: ChildProcess) =>
    new Promise<void>((resolve) =>
      child.exitCode !== null || child.signalCode !== null ? resolve() : child.once("exit", () => resolve()),
    );
  const studio: RunningStudio = {
    url,
    port,
    dataDir,
    dockerHost: engine?.host,
    process: await spawnServer().catch(async (error: unknown) => {
      await engine?.close();
      throw error;
    }),
    output: () => output,
    kill: async () => {
      studio.process.kill("SIGKILL");
      await ended(studio.process);
    },
    restart: async () => {
      studio.process = await spawnServer();
    },
    close: async () => {
      studio.process.kill("SIGTERM");
      await Promise.race([ended(studio.process), sleep(25_000).then(() => studio.process.kill("SIGKILL"))]);
      await ended(studio.process);
      await engine?.close();
      await options.images?.harvest(dataDir);
      if (options.dataDir) return;
      await removeLeftovers(dataDir);
      disown(dataDir);
    },
  };
  return studio;
}
