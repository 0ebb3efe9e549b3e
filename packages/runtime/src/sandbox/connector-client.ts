import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { RuntimeError } from "../errors.ts";
import type { RuntimeLog } from "../log.ts";
import { systemPath } from "../run.ts";

export type ConnectRequest = { id: number; host: string; port: number } | { aborted: number };
/** With the socket, unless the connection failed. */
export interface ConnectResponse {
  id: number;
  code?: string;
}

/** Connects to addresses of a hub that this process has no route to. */
export interface Connector {
  connect(address: { host: string; port: number }, options?: { signal?: AbortSignal }): Promise<Socket>;
  close(): void;
}

const program = ["./connector.ts", "./connector.js"].map((name) => join(import.meta.dirname, name)).find((path) => existsSync(path));

/**
 * Starts a process in the hub that connects there and sends the sockets, whose bytes then flow without it. `enter`: the command that runs
 * a program in the hub's network. The process is started with the first connection, and again after it ended.
 */
export function createConnector({ enter, log }: { enter: readonly string[]; log: RuntimeLog }): Connector {
  let child: ChildProcess | undefined;
  let isClosed = false;
  let count = 0;
  const waiting = new Map<number, (socket: Socket | undefined, code: string) => void>();

  function start(): ChildProcess {
    const [file = "", ...rest] = enter;
    const started = spawn(file, [...rest, process.execPath, program ?? ""], {
      cwd: "/",
      env: { PATH: systemPath },
      stdio: ["ignore", "ignore", "ignore", "ipc"],
      detached: true,
    });
    started.on("message", ({ id, code = "ECONNRESET" }: ConnectResponse, socket) => {
      const settle = waiting.get(id);
      waiting.delete(id);
      if (settle) settle(socket instanceof Socket ? socket : undefined, code);
      else if (socket instanceof Socket) socket.destroy();
      unrefIfIdle();
    });
    const onEnd = () => {
      if (child !== started) return;
      child = undefined;
      if (!isClosed) log.warn({}, "the process that connects to sandboxes ended; the next connection starts it again");
      for (const settle of waiting.values()) settle(undefined, "ECONNRESET");
      waiting.clear();
    };
    started.once("exit", onEnd).once("error", onEnd);
    started.unref();
    return started;
  }
  /** It must not keep this process alive. */
  function unrefIfIdle() {
    if (waiting.size === 0) child?.channel?.unref();
  }

  return {
    connect: ({ host, port }, { signal } = {}) =>
      new Promise<Socket>((resolve, reject) => {
        const aborted = () => new RuntimeError("aborted", `connecting to port ${port} was aborted`);
        if (signal?.aborted) return reject(aborted());
        if (isClosed) return reject(new RuntimeError("unavailable", "the runtime is closed"));
        child ??= start();
        const id = ++count;
        const onAbort = () => {
          waiting.delete(id);
          child?.send({ aborted: id } satisfies ConnectRequest);
          unrefIfIdle();
          reject(aborted());
        };
        waiting.set(id, (socket, code) => {
          signal?.removeEventListener("abort", onAbort);
          if (socket) return resolve(socket.setNoDelay());
          const cause = Object.assign(new Error(`connect ${code} ${host}:${port}`), { code });
          reject(new RuntimeError("unavailable", `no program accepts connections on port ${port}`, { cause }));
        });
        signal?.addEventListener("abort", onAbort, { once: true });
        child.channel?.ref();
        child.send({ id, host, port } satisfies ConnectRequest, (error) => {
          if (!error) return;
          const settle = waiting.get(id);
          waiting.delete(id);
          settle?.(undefined, "ECONNRESET");
        });
      }),
    close() {
      isClosed = true;
      child?.disconnect();
    },
  };
}
