import type { ConnectPort } from "../../connect.ts";
import { RuntimeError } from "../../errors.ts";
import type { ServiceState } from "../../types.ts";

/** Callers that wait for a service's state to change. */
export interface Waiters {
  /** Something changed: check again. */
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

/** When to detect a service's port: a detection takes a millisecond or two of the server's only thread. */
export interface DetectionPace {
  /** How long to wait before the next detection. */
  pauseMs(state: ServiceState): number;
  /** Whether the last detection was long enough ago, without other signs. */
  isDue(isPortless: boolean): boolean;
  /** The same with a sign of change. */
  mayDetect(): boolean;
  looked(): void;
  /** A detection found something new. */
  changed(): void;
  /** It printed something. */
  onOutput(): void;
  stop(): void;
}

/** A service may change its port without any sign. */
const rareMs = 30_000;
const outputMs = 200;
/** A program may print before it listens, so a detection without a result is repeated this often after the last output. */
const repeats = 2;

export function createDetectionPace(detect: () => void): DetectionPace {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let printedAt = Number.NEGATIVE_INFINITY;
  /** Grows while output does not lead to changes. */
  let pause = outputMs;
  let repeatsLeft = 0;
  let timer: NodeJS.Timeout | undefined;
  const detectSoon = () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      pause = Math.min(pause * 2, rareMs);
      if (repeatsLeft-- > 0) detectSoon();
      detect();
    }, pause).unref();
  };
  const since = () => performance.now() - lookedAt;
  return {
    pauseMs: ({ status, startedAt }) => (status !== "starting" ? rareMs : Date.now() - (startedAt ?? 0) < 10_000 ? 40 : 500),
    isDue: (isPortless) => since() > (isPortless ? 30 : 250),
    mayDetect: () => since() > 50,
    looked() {
      lookedAt = performance.now();
    },
    changed() {
      pause = outputMs;
      repeatsLeft = 0;
    },
    onOutput() {
      const now = performance.now();
      if (now - printedAt > rareMs) pause = outputMs;
      printedAt = now;
      repeatsLeft = repeats;
      detectSoon();
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

/** What waiting for readiness needs from a service. */
export interface Awaited {
  name: string;
  waiters: Waiters;
  /** Maximum delay before the next check. */
  pauseMs: number;
  isAlive(): boolean;
  state(): ServiceState;
  /** Detects its port, unless that just happened. */
  detect(): void | Promise<void> | undefined;
  connect: ConnectPort;
  /** Whether a health check currently fails. */
  isUnhealthy(): boolean;
  lastLines(): string[];
}

/**
 * Resolves when the service runs and its port accepts connections. Throws `aborted`, `not_running`, `service_failed` with its last lines,
 * or `start_timeout`.
 */
export async function untilReady(
  { name, waiters, pauseMs, ...service }: Awaited,
  { timeoutMs, deadline, signal }: { timeoutMs: number; deadline: number; signal: AbortSignal | undefined },
): Promise<void> {
  for (;;) {
    if (signal?.aborted) throw new RuntimeError("aborted", `waiting for ${name} was aborted`);
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
    if (service.state().status === "starting") await service.detect();
    const { status, port } = service.state();
    if (status === "running") {
      if (port === undefined || (await accepts(service.connect, port))) return;
      // It may listen on another port by now.
      await service.detect();
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

/** Whether a connection to the port is accepted. */
export async function accepts(connect: ConnectPort, port: number): Promise<boolean> {
  try {
    (await connect(port, { signal: AbortSignal.timeout(500) })).destroy();
    return true;
  } catch (error) {
    if (error instanceof RuntimeError) return false;
    throw error;
  }
}
