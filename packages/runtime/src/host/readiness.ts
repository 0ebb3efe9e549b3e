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

/** When to look which port a service listens on: a look costs a millisecond or two of the server's only thread. */
export interface LookPace {
  /** How long to wait for the next look. */
  pauseMs(state: ServiceState): number;
  /** Whether the last look was long enough ago for another one, also without a sign that there is something to see. */
  isDue(isPortless: boolean): boolean;
  /** The same when there is a sign. */
  mayLook(): boolean;
  looked(): void;
  /** A look saw something new. */
  changed(): void;
  /** It printed something. */
  onOutput(): void;
  stop(): void;
}

/** Somebody may listen elsewhere and neither say so nor be asked for anything. */
const rareMs = 30_000;
const outputMs = 200;

export function createLookPace(look: () => void): LookPace {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let printedAt = Number.NEGATIVE_INFINITY;
  /** Grows while what is printed means nothing. */
  let pause = outputMs;
  let timer: NodeJS.Timeout | undefined;
  const since = () => performance.now() - lookedAt;
  return {
    pauseMs: ({ status, startedAt }) => (status !== "starting" ? rareMs : Date.now() - (startedAt ?? 0) < 10_000 ? 40 : 500),
    isDue: (isPortless) => since() > (isPortless ? 30 : 250),
    mayLook: () => since() > 50,
    looked() {
      lookedAt = performance.now();
    },
    changed() {
      pause = outputMs;
    },
    onOutput() {
      const now = performance.now();
      if (now - printedAt > rareMs) pause = outputMs;
      printedAt = now;
      timer ??= setTimeout(() => {
        timer = undefined;
        pause = Math.min(pause * 2, rareMs);
        look();
      }, pause).unref();
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
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
  /** Looks for its port, or does not when it did a moment ago. */
  look(): void | Promise<void> | undefined;
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
    if (status === "running") {
      if (port === undefined || (await accepts(service.address(port)))) return;
      // It may listen elsewhere by now.
      await service.look();
    }
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
