import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeError } from "../errors.ts";
import type { RuntimeLog } from "../log.ts";
import { createRemoteDriver, type RunnerDriver } from "../remote/client/driver.ts";
import { suspendingDetail } from "../remote/runner/usage.ts";
import type { ClientTracing } from "../remote/tracing.ts";
import type { RuntimeDriver } from "../types.ts";
import { isChanged } from "./cluster.ts";
import { annotations } from "./labels.ts";
import { runnerPort, type PodTemplate } from "./pod-template.ts";
import type { Pods, PodView } from "./pods.ts";
import { removeUnchanged, type Workloads } from "./workloads.ts";

/**
 * The runner in a workload's pod: connected on demand, and the pod suspended when nothing needs it. Several servers use the same pod at once.
 * The runner says whether any of them does, and the first write to the workload decides between one that suspends it and one that needs it.
 */
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
  /** Keeps the connection, but not the pod, until the function that is returned is called. */
  observe(): () => void;
  /** Resolves with the next runner that connects, or the one that is. Starts nothing. */
  connected(signal: AbortSignal): Promise<{ runner: RuntimeDriver; lost: AbortSignal } | undefined>;
  /**
   * Suspends the pod unless somebody uses it, or did within `idleMs`. Returns when to look again; `undefined`: there is no pod, or this server
   * looks again by itself.
   */
  suspend(idleMs?: number): Promise<number | undefined>;
  /** As `suspend`; then removes the workload. Returns whether it did. */
  retire(idleMs?: number): Promise<boolean>;
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
  /** Another server suspended it, or changed it since. */
  onSuspended(): void;
  /** Whether this server needs the connection although it calls nothing. */
  isFollowed(): boolean;
  tracing: ClientTracing | undefined;
  log: RuntimeLog;
}

interface Connected {
  uid: string;
  runner: RunnerDriver;
  lost: AbortController;
}

type EndPod = (options: { changes: Record<string, string | null>; version: string; pod: string }) => Promise<void>;

/** How often a runner that starts is asked again. */
const connectRetryMs = 100;
/** How often a call that was refused because another server suspends the pod is repeated: for longer than any does. */
const refusedAttempts = 60;
const refusedDelayMs = (attempt: number) => Math.min(attempt * connectRetryMs, 500);
/** How often a pod that should exist and does not is requested again, and how long one that should not is waited for. */
const resumeAgainMs = 2_000;
const endingMs = 10_000;

export function createLivePod(options: Options): LivePod {
  const { name, workloads, pods, token, template, log } = options;
  let connection: Connected | undefined;
  let connecting: Promise<Connected> | undefined;
  let suspending: Promise<unknown> | undefined;
  let uses = 0;
  let observers = 0;
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const waiting = new Set<() => void>();
  const notify = () => {
    for (const wake of waiting) wake();
  };
  const closedError = () => new RuntimeError("unavailable", "the runtime is closed");
  const isAwake = () => workloads.get(name)?.isAwake === true;

  /** The connection ends, whatever runs in the pod. */
  function leave(left: Connected) {
    if (connection !== left) return;
    connection = undefined;
    left.lost.abort();
    void left.runner.close({ leaveRunning: true });
  }
  function lose(lost: Connected) {
    if (connection !== lost) return;
    leave(lost);
    if (isAwake()) {
      log.warn({ workload: name }, "the pod of a sandbox was lost");
      options.onLost();
    } else {
      clearTimeout(timer);
      options.onSuspended();
    }
  }
  const stopFollowingPods = pods.onChange((workload) => {
    if (workload !== name) return;
    const pod = pods.of(name);
    if (connection && (pod?.uid !== connection.uid || pod.isEnding)) lose(connection);
    notify();
  });
  const stopFollowingWorkload = workloads.onChange((workload) => {
    if (workload !== name) return;
    if (!isAwake() && !suspending) {
      if (connection) lose(connection);
      else options.onSuspended();
    }
    notify();
  });

  /** Resolves with the next change, at the latest after `ms`. */
  async function nextChange(ms: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timeout = setTimeout(resolve, ms);
    waiting.add(resolve);
    await promise;
    clearTimeout(timeout);
    waiting.delete(resolve);
  }

  /** Resolves with a running pod. Another server may start, suspend or remove it at any moment. */
  async function startPod(deadline: number) {
    let resumedAt = Number.NEGATIVE_INFINITY;
    let asleepSince: number | undefined;
    for (;;) {
      if (isClosed) throw closedError();
      const workload = workloads.get(name);
      if (!workload) throw new RuntimeError("not_found", "The sandbox was deleted.");
      const pod = pods.of(name);
      const now = performance.now();
      asleepSince = workload.isAwake ? undefined : (asleepSince ?? now);
      if (pod && !pod.isEnding && workload.isAwake) {
        if (pod.isRunning && pod.address !== undefined) return { uid: pod.uid, address: pod.address };
      } else if (pod?.isOver || (pod && !pod.isEnding))
        // A pod is never used again after its workload was suspended, since another server may be ending it.
        await workloads.removePod(name, { uid: pod.uid, version: workload.version }).catch((error: unknown) => {
          if (!isChanged(error)) throw error;
        });
      const isOverdue = asleepSince !== undefined && now - asleepSince > endingMs;
      if ((!pod || isOverdue) && now - resumedAt > resumeAgainMs) {
        resumedAt = now;
        await workloads.resume(name, template());
        continue;
      }
      const left = deadline - Date.now();
      if (left <= 0) {
        const problem = pods.of(name)?.problem;
        throw new RuntimeError("unavailable", `The project's pod did not start in time${problem === undefined ? "." : `: ${problem}`}`);
      }
      await nextChange(Math.min(left, resumeAgainMs));
    }
  }

  async function connect(): Promise<Connected> {
    const deadline = Date.now() + options.startTimeoutMs;
    for (;;) {
      const { uid, address } = await startPod(deadline);
      const url = `http://${address.includes(":") ? `[${address}]` : address}:${runnerPort}`;
      let runner: RunnerDriver | undefined;
      try {
        runner = await createRemoteDriver({ url, token, tracing: options.tracing, log, timing: { connectTimeoutMs: 2_000 } });
        if (isClosed) throw closedError();
        await options.onConnect(runner);
        const made: Connected = { uid, runner, lost: new AbortController() };
        connection = made;
        notify();
        return made;
      } catch (error) {
        await runner?.close({ leaveRunning: true });
        if (isClosed || Date.now() > deadline) throw error;
        const pod = pods.of(name);
        if (pod?.uid === uid && !pod.isEnding && !isRetried(error)) throw error;
        log.debug({ err: error, workload: name }, "the runner of a pod is not ready");
        if (isSuspending(error)) await keepAwake();
        await sleep(isSuspending(error) ? 5 * connectRetryMs : connectRetryMs);
      }
    }
  }

  async function awake(): Promise<Connected> {
    if (isClosed) throw closedError();
    await suspending;
    if (connection && !isAwake()) lose(connection);
    if (connection) return connection;
    connecting ??= connect().finally(() => (connecting = undefined));
    return connecting;
  }

  /** Another server is suspending the pod: either that one's write to the workload has no effect now, or this one's comes after it. */
  const keepAwake = () => workloads.annotate(name, { [annotations.wanted]: new Date().toISOString() });

  function lookAgain(ms: number) {
    clearTimeout(timer);
    timer = undefined;
    if (isClosed || uses > 0 || !isAwake()) return;
    timer = setTimeout(() => {
      suspend(options.suspendAfterMs).catch((error: unknown) => {
        log.warn({ err: error, workload: name }, "a pod cannot be suspended");
        lookAgain(options.suspendAfterMs);
      });
    }, ms);
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
      lookAgain(options.suspendAfterMs);
    };
  }

  /**
   * Suspends a workload whose pod has not started within the start timeout. A server that still waits for it resumes the workload, with a pod
   * of the current template.
   */
  async function endUnstarted(pod: PodView, idleMs: number, end: EndPod): Promise<number | undefined> {
    const waitMs = pod.createdAt + Math.max(idleMs, options.startTimeoutMs) - Date.now();
    if (waitMs > 0) {
      lookAgain(waitMs);
      return waitMs;
    }
    log.warn({ workload: name, problem: pod.problem }, "a pod did not start in time and was suspended until the project is used again");
    try {
      await end({ changes: {}, version: workloads.get(name)?.version ?? "", pod: pod.uid });
      return undefined;
    } catch (error) {
      if (!isChanged(error)) throw error;
      return options.suspendAfterMs;
    }
  }

  /** Ends the pod by `end`, if no server uses it; it gets what `beforeSuspend` returned and the version on whose condition it may write. */
  async function endIfIdle(idleMs: number, end: EndPod): Promise<number | undefined> {
    if (!isAwake()) return undefined;
    const pod = pods.of(name);
    if (pod?.isUnstarted && !pod.isEnding && !connection && uses === 0) return endUnstarted(pod, idleMs, end);
    const made = await awake();
    // Read before the runner refuses others: whoever is refused changes the workload.
    const version = workloads.get(name)?.version ?? "";
    if (uses > 0) return undefined;
    const answer = await made.runner.suspend(idleMs);
    if ("waitMs" in answer) {
      const waitMs = Math.min(Math.max(answer.waitMs, connectRetryMs), options.suspendAfterMs);
      // Somebody else looks after it.
      if (answer.servers > 1 && uses === 0 && observers === 0 && !options.isFollowed()) leave(made);
      else lookAgain(waitMs);
      return waitMs;
    }
    let isEnded = false;
    try {
      const changes = await options.beforeSuspend(made.runner);
      // A call may have come in the meantime.
      if (changes === undefined || uses > 0 || isClosed || connection !== made) return options.suspendAfterMs;
      const ending = end({ changes, version, pod: made.uid }).finally(() => (suspending = undefined));
      suspending = ending.catch(() => undefined);
      // Not lost, but left.
      connection = undefined;
      await ending;
      isEnded = true;
      return undefined;
    } catch (error) {
      if (!isChanged(error)) throw error;
      return options.suspendAfterMs;
    } finally {
      if (!isEnded) answer.release();
      if (connection !== made) {
        made.lost.abort();
        await made.runner.close({ leaveRunning: true });
      }
      lookAgain(options.suspendAfterMs);
    }
  }
  const suspend = (idleMs = 0) =>
    endIfIdle(idleMs, async ({ changes, version, pod }) => {
      await workloads.suspend(name, { changes, version, pod });
      log.info({ workload: name }, "the pod of an idle sandbox was suspended");
    });

  return {
    async use(call, { isRepeatable = false } = {}) {
      const release = hold();
      try {
        let refused = 0;
        for (let attempt = 1; ; attempt++) {
          const { runner, lost } = await awake();
          try {
            return await call(runner);
          } catch (error) {
            if (isSuspending(error) && !isClosed && refused < refusedAttempts) {
              // It was not executed.
              refused += 1;
              attempt -= 1;
              await keepAwake();
              await sleep(refusedDelayMs(refused));
              continue;
            }
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
    observe() {
      observers += 1;
      let isOver = false;
      return () => {
        if (!isOver) observers -= 1;
        isOver = true;
      };
    },
    get current() {
      return connection?.runner;
    },
    get isAsleep() {
      return connection === undefined && connecting === undefined && !isAwake();
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
    async retire(idleMs = 0) {
      const workload = workloads.get(name);
      if (!workload) return true;
      const isUseless = () => {
        const pod = pods.of(name);
        return !connection && (pod?.isRunning !== true || pod.isEnding);
      };
      if (isUseless()) return removeUnchanged(workloads, workload, isUseless);
      let isRemoved = false;
      await endIfIdle(idleMs, async ({ version }) => {
        await workloads.remove(name, { version });
        isRemoved = true;
      });
      return isRemoved;
    },
    async close({ isKept }) {
      isClosed = true;
      clearTimeout(timer);
      stopFollowingPods();
      stopFollowingWorkload();
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
const isSuspending = (error: unknown) => error instanceof RuntimeError && error.details?.[suspendingDetail] === true;
