import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type Docker from "dockerode";
import type { ConnectPort } from "../connect.ts";
import { RuntimeError } from "../errors.ts";
import { readJsonFile, writeJson } from "../host/files/json-file.ts";
import { accepts, createDetectionPace, createWaiters, untilReady } from "../host/services/readiness.ts";
import { bootId } from "../host/files/locks.ts";
import { serviceNote, signalOf, type RunningService } from "../host/services/service.ts";
import type { ServiceHooks } from "../host/backend.ts";
import type { ServiceSpec, ServiceState } from "../types.ts";
import { ignoreMissing, reasonOf, httpStatusOf } from "./engine.ts";
import { openDockerServiceLog } from "./service-log.ts";
import { containerUsage } from "./usage.ts";

/** Runs one service. */
export interface DockerServiceHost {
  /** Folder of its record and log file. */
  dir: string;
  /** A container left by an earlier process. */
  found: Docker.ContainerInspectInfo | undefined;
  container(id: string): Docker.Container;
  /** Rejects an invalid specification before anything is started. */
  check(spec: ServiceSpec): Promise<void>;
  /**
   * Creates, but does not start, the container of a service and its dependencies, and returns the matching health check. `onProgress`
   * receives a line now and then.
   */
  create(
    spec: ServiceSpec,
    options: { signal: AbortSignal; onProgress: (line: string) => void },
  ): Promise<{ container: Docker.Container; health: readonly string[] | undefined }>;
  /** Runs a health check in the container; true when it exits 0. */
  isHealthy(container: Docker.Container, argv: readonly string[]): Promise<boolean>;
  /** The port a container listens on: one of the wanted ones if it does; otherwise a port of its main process where that is visible. */
  listening(pid: number, wanted: readonly (number | undefined)[]): Promise<number | undefined>;
  connect: ConnectPort;
  isFrozen(): boolean;
  /** Called when it has ended. */
  onEnd(): void;
  /** The sandbox counts as open once this is done: the state of a found container. */
  openAfter(work: Promise<void>): void;
  hooks: ServiceHooks;
}

/** Stored for the next process. Without the environment, which holds secrets. */
interface Saved {
  name: string;
  port: number;
  stopSignal: string | undefined;
  stopGraceMs: number;
  startedAt: number;
  bootId: string;
  /** It is being stopped: its end is not a failure, also for a later process. */
  isStopping?: boolean;
}

/** Time to read remaining output after the container ended. */
const remainingOutputMs = 2_000;
const healthPauseMs = 200;

/** One container and its output; adopts a running one. */
export function openContainerService(name: string, host: DockerServiceHost): RunningService {
  const { hooks } = host;
  mkdirSync(host.dir, { recursive: true, mode: 0o700 });
  const note = join(host.dir, serviceNote);
  const pace = createDetectionPace(() => void detect().catch(hooks.onError));
  const log = openDockerServiceLog(host.dir, hooks.onError, () => {
    if (isAlive && !hasLeft) pace.onOutput();
  });
  let saved = readJsonFile<Saved>(note);
  let state: ServiceState = { name, status: "stopped" };
  let container: Docker.Container | undefined;
  let pid = 0;
  let isAlive = false;
  let isStopping = false;
  let starting: Promise<ServiceState> | undefined;
  let launching: { done: Promise<void>; abort: AbortController } | undefined;
  let stopping: Promise<void> | undefined;
  let watching = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let hasLeft = false;
  let isLooking = false;
  /** Health check that must pass before it counts as running; undefined afterwards. */
  let health: readonly string[] | undefined;
  let isChecking = false;
  const waiters = createWaiters();

  const change = (next: ServiceState) => {
    state = next;
    hooks.onChange(current());
    waiters.wake();
  };
  const current = (): ServiceState => (isAlive && container !== undefined && host.isFrozen() ? { ...state, status: "frozen" } : state);
  function clearRecord() {
    saved = undefined;
    rmSync(note, { force: true });
  }
  const lastLines = () =>
    log
      .last(20)
      .filter((line) => line.stream !== "system")
      .map((line) => line.line);

  function adopt(known: Saved, found: Docker.ContainerInspectInfo) {
    container = host.container(found.Id);
    isAlive = true;
    state = { name, status: "starting", startedAt: known.startedAt };
    pid = found.State.Pid;
    // After a reboot its end is not a failure.
    isStopping = known.bootId !== bootId() || (known.isStopping ?? false);
    const isUp = found.State.Running || found.State.Paused;
    if (isUp) log.note("adopted after a restart of the server");
    const end = watch(container);
    host.openAfter(isUp ? detect().catch(hooks.onError) : end);
    // The previous process was killed while stopping it.
    if (isUp && known.isStopping) stop().catch(hooks.onError);
  }

  /** Reads output and waits for the end. */
  function watch(watched: Docker.Container): Promise<void> {
    watching = new AbortController();
    log.read(watched);
    schedule();
    return watchEnd(watched, watching.signal);
  }
  async function watchEnd(watched: Docker.Container, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await watched.wait({ abortSignal: signal });
        break;
      } catch (error) {
        if (signal.aborted) return;
        if (httpStatusOf(error) === 404) break;
        hooks.onError(error);
        await sleep(500, undefined, { ref: false });
      }
    }
    if (!signal.aborted) await ended(watched).catch(hooks.onError);
  }

  async function ended(watched: Docker.Container): Promise<void> {
    if (!isAlive || hasLeft || container !== watched) return;
    const found = await watched.inspect().catch(ignoreMissing);
    await log.finished(remainingOutputMs);
    clearTimeout(timer);
    pace.stop();
    watching.abort();
    await watched.remove({ force: true, v: true }).catch(ignoreMissing);
    const exitCode = found?.State.ExitCode;
    const oomKilled = found?.State.OOMKilled === true && exitCode !== 0;
    const wasStopped = isStopping;
    isAlive = false;
    container = undefined;
    clearRecord();
    log.note(wasStopped ? "stopped" : `exited with code ${exitCode ?? "unknown"}${oomKilled ? ": out of memory" : ""}`);
    const end = { name, startedAt: state.startedAt, exitCode: exitCode ?? null, exitSignal: signalOf(exitCode) };
    change(
      wasStopped || exitCode === 0
        ? { ...end, status: "stopped" }
        : { ...end, status: "failed", lastLines: lastLines(), ...(oomKilled && { oomKilled }) },
    );
    host.onEnd();
  }

  function schedule() {
    clearTimeout(timer);
    if (!isAlive || hasLeft || container === undefined || host.isFrozen()) return;
    timer = setTimeout(() => void detect().catch(hooks.onError).finally(schedule), pace.pauseMs(state));
    timer.unref();
  }

  /** Detects the port: the configured one, otherwise the last one, otherwise the first. */
  async function detect(): Promise<void> {
    if (isLooking || host.isFrozen() || container === undefined) return;
    isLooking = true;
    try {
      if (state.status === "starting" && !pace.isDue(saved?.port === 0) && !(pace.mayDetect() && (await isOpen()))) return;
      pace.looked();
      const port = await host.listening(pid, [saved?.port, state.port]);
      if (!isAlive || hasLeft) return;
      if (port === undefined && saved?.port !== 0) return;
      if (health) return void checkHealth(container, health);
      if (state.status === "running" && state.port === port) return;
      pace.changed();
      change({ ...state, status: "running", port });
    } finally {
      isLooking = false;
    }
  }

  const isOpen = async () => saved !== undefined && saved.port !== 0 && (await accepts(host.connect, saved.port));

  /** Runs one check at a time with a pause in between; the first success makes it `running`. */
  function checkHealth(checked: Docker.Container, argv: readonly string[]) {
    if (isChecking) return;
    isChecking = true;
    host
      .isHealthy(checked, argv)
      .then(async (isHealthy) => {
        if (!isHealthy) await sleep(healthPauseMs, undefined, { ref: false });
        else if (health === argv) health = undefined;
      })
      // If it just ended, its end is reported elsewhere.
      .catch(() => sleep(healthPauseMs, undefined, { ref: false }))
      .finally(() => {
        isChecking = false;
        if (isAlive && !hasLeft && health === undefined) detect().catch(hooks.onError);
      });
  }

  async function launch(spec: ServiceSpec): Promise<ServiceState> {
    await hooks.checkSpace();
    await host.check(spec);
    saved = {
      name,
      port: spec.port,
      stopSignal: spec.stopSignal,
      stopGraceMs: spec.stopGraceMs ?? 5_000,
      startedAt: Date.now(),
      bootId: bootId(),
    };
    writeJson(note, saved);
    isStopping = false;
    health = spec.health;
    isAlive = true;
    const what = [spec.image, ...spec.command.map((part) => (part.includes("\n") ? "…" : part))];
    log.note(`starting: ${what.filter((part) => part !== undefined).join(" ")}`);
    change({ name, status: "starting", startedAt: saved.startedAt });
    const abort = new AbortController();
    // Pulling an image takes minutes: `start` does not wait for it.
    launching = { abort, done: launchContainer(spec, abort.signal).finally(() => (launching = undefined)) };
    return state;
  }
  async function launchContainer(spec: ServiceSpec, signal: AbortSignal): Promise<void> {
    let made: Docker.Container | undefined;
    try {
      const created = await host.create(spec, { signal, onProgress: log.note });
      made = created.container;
      health = created.health;
      if (signal.aborted) throw new RuntimeError("aborted", "the start was aborted");
      await made.start();
      // A freeze or thaw during the start did not find the container.
      if (host.isFrozen()) await made.pause();
      const { State } = await made.inspect();
      if (State.Paused && !host.isFrozen()) await made.unpause();
      pid = State.Pid;
      container = made;
      if (host.isFrozen()) hooks.onChange(current());
      if (!hasLeft) void watch(made);
    } catch (error) {
      await made?.remove({ force: true, v: true }).catch((left: unknown) => hooks.onError(left));
      isAlive = false;
      clearRecord();
      const why = error instanceof RuntimeError ? error.message : `it cannot be started: ${reasonOf(error)}`;
      log.note(isStopping ? "stopped" : why);
      change(
        isStopping
          ? { name, status: "stopped", startedAt: state.startedAt }
          : { name, status: "failed", startedAt: state.startedAt, exitCode: null, exitSignal: null, lastLines: [why] },
      );
      host.onEnd();
    }
  }

  async function end(): Promise<void> {
    await starting?.catch(() => {}); // reported to the caller
    if (!isAlive) {
      if (state.status === "failed") change({ ...state, status: "stopped" });
      return;
    }
    isStopping = true;
    if (saved) writeJson(note, (saved = { ...saved, isStopping }));
    launching?.abort.abort();
    await launching?.done;
    if (!isAlive || container === undefined) return;
    if (host.isFrozen()) await hooks.thaw();
    const stopped = container;
    await stopped.kill({ signal: saved?.stopSignal ?? (await stopSignalOf(stopped)) }).catch(ignoreMissing);
    const deadline = Date.now() + (saved?.stopGraceMs ?? 5_000);
    while (isAlive && Date.now() < deadline) await waiters.forChange(deadline - Date.now());
    if (!isAlive) return;
    await stopped.kill({ signal: "SIGKILL" }).catch(ignoreMissing);
    while (isAlive) {
      await waiters.forChange(5_000);
      // The engine restarted in between, or did not report the end.
      if (isAlive && !(await stopped.inspect().catch(ignoreMissing))?.State.Running) await ended(stopped);
    }
  }
  /** The image's stop signal when the service does not set one. */
  const stopSignalOf = async (stopped: Docker.Container) =>
    ((await stopped.inspect().catch(ignoreMissing))?.Config as { StopSignal?: string } | undefined)?.StopSignal ?? "SIGTERM";

  const stop = () => (stopping ??= end().finally(() => (stopping = undefined)));
  if (saved && host.found) adopt(saved, host.found);
  else if (saved) clearRecord(); // it was about to start when we were killed, or the engine lost it

  return {
    log,
    state: current,
    async start(spec) {
      await stopping;
      if (isAlive) return current();
      starting ??= launch(spec).finally(() => (starting = undefined));
      return starting;
    },
    async ready({ timeoutMs = 60_000, signal: abort }) {
      const deadline = Date.now() + timeoutMs;
      await starting;
      await untilReady(
        {
          name,
          waiters,
          pauseMs: 25,
          isAlive: () => isAlive,
          state: () => state,
          detect: () => (state.status === "starting" || pace.mayDetect() ? detect() : undefined),
          connect: host.connect,
          isUnhealthy: () => health !== undefined && isChecking,
          lastLines: () => log.last(20).map((line) => line.line),
        },
        { timeoutMs, deadline, signal: abort },
      );
      return current();
    },
    stop,
    usage: async () => (isAlive && container ? containerUsage(container) : undefined),
    // The backend waits for what was found (`openAfter`).
    adopted: async () => {},
    refresh: () => {
      if (!isAlive) return;
      schedule();
      hooks.onChange(current());
      waiters.wake();
    },
    leave() {
      hasLeft = true;
      clearTimeout(timer);
      pace.stop();
      watching.abort();
      log.close();
    },
    async abandon() {
      hasLeft = true;
      clearTimeout(timer);
      pace.stop();
      watching.abort();
      launching?.abort.abort();
      await starting?.catch(() => {}); // reported to the caller
      await launching?.done;
      await container?.remove({ force: true, v: true }).catch(ignoreMissing);
      log.close();
      if (!isAlive) return;
      isAlive = false;
      change({ name, status: "stopped", startedAt: state.startedAt, exitCode: null });
    },
  };
}
