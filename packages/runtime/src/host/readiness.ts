import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeError } from "../errors.ts";
import type { ServiceState } from "../types.ts";

/** Those who wait for a service to become another. */
export interface Waiters {
  /** Something changed: look again. */
  wake(): void;
  /** Until something changes, the time is over or the signal aborts. */
  forChange(ms: number, abort?: AbortSignal): Promise<void>;
}

export function createWaiters(): Waiters {
  const waiting = new Set<() => void>();
  return {
    wake: () => waiting.forEach((wake) => wake()),
    forChange: (ms, abort) =>
      new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(limit);
          waiting.delete(done);
          abort?.removeEventListener("abort", done);
          resolve();
        };
        const limit = setTimeout(done, Math.max(1, ms));
        waiting.add(done);
        abort?.addEventListener("abort", done, { once: true });
      }),
  };
}

/** What is asked of a service, wherever it runs, to know whether it is ready. */
export interface Awaited {
  name: string;
  waiters: Waiters;
  /** How long to wait at most before looking again. */
  pauseMs: number;
  isAlive(): boolean;
  state(): ServiceState;
  /** Looks for its port, now. */
  look(): void | Promise<void>;
  address(port: number): { host: string; port: number };
  /** A health check is what it fails. */
  isUnhealthy(): boolean;
  lastLines(): string[];
}

/**
 * Resolves when the service runs and its port answers. Throws `aborted`, `not_running`, `service_failed` with its last lines, or
 * `start_timeout`.
 */
export async function untilReady(
  { name, waiters, pauseMs, ...service }: Awaited,
  { timeoutMs, deadline, signal }: { timeoutMs: number; deadline: number; signal: AbortSignal | undefined },
): Promise<void> {
  for (;;) {
    if (signal?.aborted) throw new RuntimeError("aborted", `waiting for ${name} was given up`);
    if (!service.isAlive()) {
      const state = service.state();
      if (state.startedAt === undefined) throw new RuntimeError("not_running", `${name} is not running`);
      const lines = state.lastLines ?? service.lastLines();
      throw new RuntimeError(
        "service_failed",
        `${name} ended before it was ready (exit code ${state.exitCode ?? "unknown"})${state.oomKilled ? ": out of memory" : ""}\n${lines.join("\n")}`.trim(),
        { details: { ...state } },
      );
    }
    if (service.state().status === "starting") await service.look();
    const { status, port } = service.state();
    if (status === "running" && (port === undefined || (await accepts(service.address(port))))) return;
    if (Date.now() >= deadline)
      throw new RuntimeError(
        "start_timeout",
        `${name} ${service.isUnhealthy() ? "is not healthy" : "does not listen on a port"} after ${Math.round(timeoutMs / 1000)} s`,
        { details: { lastLines: service.lastLines() } },
      );
    await waiters.forChange(Math.min(pauseMs, deadline - Date.now()), signal);
  }
}

/** Does somebody answer there? */
export async function accepts({ host, port }: { host: string; port: number }): Promise<boolean> {
  const socket = connect({ host, port, autoSelectFamily: false });
  const answer = new Promise<boolean>((resolve) => {
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
  });
  const result = await Promise.race([answer, sleep(500, false, { ref: false })]);
  socket.destroy();
  return result;
}
