import { RuntimeError } from "../errors.ts";
import type { RuntimeLog } from "../log.ts";
import { createRemoteDriver } from "../remote/client/driver.ts";
import type { ClientTracing } from "../remote/tracing.ts";
import type { RuntimeDriver } from "../types.ts";
import { runnerPort, type PodTemplate } from "./pod-template.ts";
import type { Pods } from "./pods.ts";
import type { Workloads } from "./workloads.ts";

/** The runner in a workload's pod: connected on demand, and the pod suspended when nothing needs it. */
export interface LivePod {
  /**
   * Calls the runner, in a pod that is started if necessary and not suspended meanwhile. `isRepeatable`: when the pod was lost, it is called
   * again in the next one.
   */
  use<T>(call: (runner: RuntimeDriver) => Promise<T>, options?: { isRepeatable?: boolean }): Promise<T>;
  /** Keeps the pod until the function that is returned is called. */
  hold(): () => void;
  /** The runner, while one is connected. */
  readonly current: RuntimeDriver | undefined;
  /** It has no pod and gets none before it is used. */
  readonly isAsleep: boolean;
  /** Resolves with the next runner that connects, or the one that is. Starts nothing. */
  connected(signal: AbortSignal): Promise<{ runner: RuntimeDriver; lost: AbortSignal } | undefined>;
  /** Suspends the pod now, unless it is used. */
  suspend(): Promise<void>;
  /** Looks for a pod that was started by another process, or again by the cluster. */
  adopt(): void;
  /** Closes the connection. `isKept`: without stopping anything. */
  close(options: { isKept: boolean }): Promise<void>;
}

interface Options {
  name: string;
  workloads: Workloads;
  pods: Pods;
  token: string;
  /** Of its next pod. */
  template(): PodTemplate;
  suspendAfterMs: number;
  startTimeoutMs: number;
  /** Called with each new connection before anything else uses it. */
  onConnect(runner: RuntimeDriver): Promise<void>;
  /** Whether something runs in it. What is stored with the workload when it is suspended is returned; undefined: it stays. */
  beforeSuspend(runner: RuntimeDriver): Promise<Record<string, string | null> | undefined>;
  onLost(): void;
  tracing: ClientTracing | undefined;
  log: RuntimeLog;
}

interface Connected {
  uid: string;
  runner: RuntimeDriver;
  lost: AbortController;
}

/** How often a runner that starts is asked, and how long a token may take to arrive in its pod. */
const connectRetryMs = 100;

export function createLivePod(options: Options): LivePod {
  const { name, workloads, pods, token, template, log } = options;
  let connection: Connected | undefined;
  let connecting: Promise<Connected> | undefined;
  let suspending: Promise<void> | undefined;
  let uses = 0;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const waiting = new Set<() => void>();
  const notify = () => {
    for (const wake of waiting) wake();
  };
  const closedError = () => new RuntimeError("unavailable", "the runtime is closed");

  function lose(lost: Connected) {
    if (connection !== lost) return;
    connection = undefined;
    lost.lost.abort();
    void lost.runner.close({ leaveRunning: true });
    options.onLost();
  }
  const unsubscribe = pods.onChange((workload) => {
    if (workload !== name) return;
    const pod = pods.of(name);
    if (connection && (pod?.uid !== connection.uid || pod.isEnding)) {
      log.warn({ workload: name }, "the pod of a sandbox was lost");
      lose(connection);
    }
    notify();
  });

  /** Waits for a change until `isDone`. */
  async function until<T>(isDone: () => T | undefined, deadline: number): Promise<T | undefined> {
    for (;;) {
      if (isClosed) throw closedError();
      const done = isDone();
      if (done !== undefined) return done;
      const left = deadline - Date.now();
      if (left <= 0) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      const timeout = setTimeout(resolve, left);
      waiting.add(resolve);
      await promise;
      clearTimeout(timeout);
      waiting.delete(resolve);
    }
  }

  async function startPod(deadline: number) {
    const usable = () => {
      const pod = pods.of(name);
      return pod && !pod.isEnding ? pod : undefined;
    };
    if (!workloads.get(name)) throw new RuntimeError("not_found", "The sandbox was deleted.");
    if (!workloads.get(name)?.isAwake || !usable()) {
      // The next pod cannot be made before the last one is gone.
      await until(() => (usable() ?? pods.of(name) === undefined) || undefined, deadline);
      if (!workloads.get(name)?.isAwake || !usable()) await workloads.resume(name, template());
    }
    const pod = await until(() => {
      const found = usable();
      return found?.isRunning === true && found.address !== undefined ? found : undefined;
    }, deadline);
    if (pod?.address !== undefined) return { uid: pod.uid, address: pod.address };
    const problem = pods.of(name)?.problem;
    throw new RuntimeError("unavailable", `The project's pod did not start in time${problem === undefined ? "." : `: ${problem}`}`);
  }

  async function connect(): Promise<Connected> {
    const deadline = Date.now() + options.startTimeoutMs;
    for (;;) {
      const { uid, address } = await startPod(deadline);
      const url = `http://${address.includes(":") ? `[${address}]` : address}:${runnerPort}`;
      try {
        const runner = await createRemoteDriver({ url, token, tracing: options.tracing, log, timing: { connectTimeoutMs: 2_000 } });
        const made: Connected = { uid, runner, lost: new AbortController() };
        if (isClosed) {
          await runner.close({ leaveRunning: true });
          throw closedError();
        }
        await options.onConnect(runner);
        connection = made;
        notify();
        return made;
      } catch (error) {
        if (isClosed || Date.now() > deadline) throw error;
        const pod = pods.of(name);
        if (pod?.uid === uid && !pod.isEnding && !isRetried(error)) throw error;
        log.debug({ err: error, workload: name }, "the runner of a pod is not ready");
        await new Promise((resolve) => setTimeout(resolve, connectRetryMs));
      }
    }
  }

  async function awake(): Promise<Connected> {
    if (isClosed) throw closedError();
    await suspending;
    if (connection) return connection;
    connecting ??= connect().finally(() => (connecting = undefined));
    return connecting;
  }

  function rest() {
    clearTimeout(timer);
    timer = undefined;
    if (isClosed || uses > 0 || !workloads.get(name)?.isAwake) return;
    timer = setTimeout(() => {
      suspend().catch((error: unknown) => {
        log.warn({ err: error, workload: name }, "a pod cannot be suspended");
        rest();
      });
    }, options.suspendAfterMs);
    timer.unref();
  }
  function hold() {
    uses += 1;
    clearTimeout(timer);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      uses -= 1;
      rest();
    };
  }

  async function suspend(): Promise<void> {
    if (!workloads.get(name)?.isAwake) return;
    const { runner } = await awake();
    if (uses > 0) return;
    const changes = await options.beforeSuspend(runner);
    // A call may have come in the meantime.
    if (changes === undefined || uses > 0 || isClosed) return rest();
    suspending ??= (async () => {
      const ended = connection;
      // Not lost, but left.
      connection = undefined;
      try {
        await workloads.suspend(name, changes);
        log.info({ workload: name }, "the pod of an idle sandbox was suspended");
      } finally {
        ended?.lost.abort();
        await ended?.runner.close({ leaveRunning: true });
      }
    })().finally(() => (suspending = undefined));
    await suspending;
  }

  return {
    async use(call, { isRepeatable = false } = {}) {
      const release = hold();
      try {
        for (let attempt = 1; ; attempt++) {
          const { runner, lost } = await awake();
          try {
            return await call(runner);
          } catch (error) {
            if (!lost.signal.aborted || isClosed) throw error;
            if (isRepeatable && attempt < 3) continue;
            throw new RuntimeError("unavailable", "The project's pod was lost. What was started may have been executed.", { cause: error });
          }
        }
      } finally {
        release();
      }
    },
    hold,
    get current() {
      return connection?.runner;
    },
    get isAsleep() {
      return connection === undefined && connecting === undefined && workloads.get(name)?.isAwake !== true;
    },
    async connected(signal) {
      while (!signal.aborted && !isClosed) {
        if (connection) return { runner: connection.runner, lost: connection.lost.signal };
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
        await promise;
        waiting.delete(resolve);
      }
      return undefined;
    },
    suspend,
    adopt: rest,
    async close({ isKept }) {
      isClosed = true;
      clearTimeout(timer);
      unsubscribe();
      notify();
      await connecting?.catch(() => undefined);
      const last = connection;
      connection = undefined;
      last?.lost.abort();
      await last?.runner.close({ leaveRunning: isKept });
    },
  };
}

/** The runner refuses while the token has not arrived, and does not respond while it starts. */
const isRetried = (error: unknown) => error instanceof RuntimeError && error.code === "unavailable";
