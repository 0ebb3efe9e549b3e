import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, globSync, mkdirSync, readFileSync, readdirSync, rmSync, watch, type FSWatcher } from "node:fs";
import { constants } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectPort } from "../../connect.ts";
import { readJsonFile, writeJson } from "../files/json-file.ts";
import { processLifetimeId } from "../files/locks.ts";
import { supervisorName } from "../process-isolation.ts";
import { createPortFinder } from "./ports.ts";
import { accepts, createDetectionPace, createWaiters, untilReady } from "./readiness.ts";
import { openServiceLog, type ServiceLog } from "./service-log.ts";
import { usageOfProcesses } from "../processes/process-usage.ts";
import type { SandboxUsage, ServiceSpec, ServiceState } from "../../types.ts";

/** Runs one service. The supervisor is a detached shell that stores `pid` and `exit` in the state folder. */
export interface ServiceHost {
  /** Folder of state, logs and exit status; inaccessible to the project. */
  dir: string;
  owner: { uid: number; gid: number } | undefined;
  /** This process's run folder: programs mount parts of it. */
  runDir: string;
  /** Starts the supervisor with the given streams. */
  launch(spec: ServiceSpec, stdio: readonly ["ignore", number, number]): Promise<ChildProcess>;
  /** Runs a health check; true when it exits 0. */
  check(spec: ServiceSpec, argv: readonly string[]): Promise<boolean>;
  /** Members of the service, without the supervisor. */
  pids(supervisor: number | undefined): number[];
  /** Ends every member at once. */
  kill(supervisor: number | undefined): Promise<void>;
  /** Processes of the sandbox killed for memory so far. */
  oomKills(): number;
  connect: ConnectPort;
  isFrozen(): boolean;
  thaw(): Promise<void>;
  /** Errors outside of any call. */
  onError(error: unknown): void;
  onChange(state: ServiceState): void;
}

/** One long-running process and its descendants. */
export interface RunningService {
  readonly log: Pick<ServiceLog, "note" | "follow">;
  state(): ServiceState;
  start(spec: ServiceSpec): Promise<ServiceState>;
  ready(options: { timeoutMs?: number; signal?: AbortSignal }): Promise<ServiceState>;
  stop(): Promise<void>;
  /** `undefined` while it does not run, or when it cannot be measured. */
  usage(): Promise<SandboxUsage | undefined>;
  /** Resolves when it is known what an earlier process left running. */
  adopted(): Promise<void>;
  /** The sandbox was frozen or thawed. */
  refresh(): void;
  /** Stops observing; the service continues. */
  leave(): void;
  /** Ends it at once, without writing to its folder, which was deleted. */
  abandon(): Promise<void>;
}

/** Stored for the next process. Without the environment, which holds secrets. */
interface Saved {
  name: string;
  port: number;
  stopSignal: "SIGTERM" | "SIGINT";
  stopGraceMs: number;
  startedAt: number;
  /** Missing in earlier releases. */
  lifetimeId?: string;
  /** Name of the run folder it was started from. Missing in earlier releases. */
  run?: string;
  oomKills: number;
  /** It is being stopped: its end is not a failure, also for a later process. */
  isStopping?: boolean;
}

const healthPauseMs = 200;

/** Record in a service's folder that exists while it runs. */
export const serviceNote = "service.json";

/** Records below a state folder: services that run, or ran when the last server ended. */
export const serviceRecords = (dir: string): string[] =>
  globSync([`sandboxes/*/services/*/${serviceNote}`, `images/{*,.*}/services/*/${serviceNote}`], { cwd: dir }).map((path) =>
    join(dir, path),
  );

/** Run folders from which services were started, including those that are still starting. */
export const runsOfServices = (dir: string): string[] => serviceRecords(dir).flatMap((note) => readJsonFile<Saved>(note)?.run ?? []);

/** Opens the service of a state folder and adopts a running one. */
export function openService(name: string, host: ServiceHost): RunningService {
  mkdirSync(host.dir, { recursive: true, mode: 0o700 });
  const file = (leaf: string) => join(host.dir, leaf);
  const log = openServiceLog(host.dir, host.owner, host.onError);
  let saved = readJsonFile<Saved>(file(serviceNote));
  let state: ServiceState = { name, status: "stopped" };
  let supervisor: number | undefined;
  let isAlive = false;
  let isStopping = false;
  let starting: Promise<ServiceState> | undefined;
  let stopping: Promise<void> | undefined;
  let watcher: FSWatcher | undefined;
  let timer: NodeJS.Timeout | undefined;
  let drainTimer: NodeJS.Timeout | undefined;
  let hasLeft = false;
  /** Health check that must pass before it counts as running; undefined afterwards. */
  let health: { spec: ServiceSpec; argv: readonly string[] } | undefined;
  let isChecking = false;
  let detecting: Promise<void> | undefined;
  let nextDetection: Promise<void> | undefined;
  let adoption: Promise<void> = Promise.resolve();
  const finder = createPortFinder();
  const throttle = createDetectionPace(() => void detect().catch(host.onError));
  const waiters = createWaiters();

  const pids = () => host.pids(supervisor);
  const change = (next: ServiceState) => {
    state = next;
    host.onChange(state);
    waiters.wake();
  };
  const current = (): ServiceState => (isAlive && host.isFrozen() ? { ...state, status: "frozen" } : state);

  function adopt(known: Saved) {
    supervisor = findSupervisor();
    isStopping = known.isStopping ?? false;
    if (supervisor !== undefined) {
      isAlive = true;
      state = { name, status: "starting", startedAt: known.startedAt };
      log.note("adopted after a restart of the server");
      adoption = detect();
      follow();
      return;
    }
    // It ended while no server ran. With its machine or container that is not a failure.
    const exitCode = readExit();
    log.drain();
    // We were killed before it was started.
    const neverRan = exitCode === undefined && readPid() === undefined;
    state =
      known.lifetimeId !== processLifetimeId() || exitCode === 0 || isStopping || neverRan
        ? { name, status: "stopped", exitCode: exitCode ?? null }
        : failedState(exitCode, host.oomKills() > known.oomKills);
    forget();
  }

  /** From its pid file; a supervisor started just before we were killed has not written it yet. */
  function findSupervisor(): number | undefined {
    const noted = readPid();
    if (noted !== undefined && isSupervisor(noted)) return noted;
    if (readExit() !== undefined) return undefined;
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .find(isSupervisor);
  }
  const readPid = () => (existsSync(file("pid")) ? Number(readFileSync(file("pid"), "utf8")) || undefined : undefined);
  /** Complete only with its line end. */
  const readExit = () => {
    const text = existsSync(file("exit")) ? readFileSync(file("exit"), "utf8") : "";
    return text.endsWith("\n") ? Number(text) : undefined;
  };
  /** The pid may have been reused; our supervisor's command line contains its folder. */
  function isSupervisor(pid: number): boolean {
    try {
      const argv = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return argv.includes(supervisorName) && argv.includes(host.dir);
    } catch {
      return false;
    }
  }
  function forget() {
    saved = undefined;
    rmSync(file(serviceNote), { force: true });
  }

  function failedState(exitCode: number | undefined, oomKilled: boolean): ServiceState {
    return {
      name,
      status: "failed",
      startedAt: state.startedAt,
      exitCode: exitCode ?? null,
      exitSignal: signalOf(exitCode),
      lastLines: log
        .last(20)
        .filter((line) => line.stream !== "system")
        .map((line) => line.line),
      ...(oomKilled && { oomKilled }),
    };
  }

  /** Reads output while the service runs. */
  function follow() {
    watcher?.close();
    watcher = watch(host.dir, { persistent: false }, (_event, name) => {
      if (name === "exit") void tick().catch(host.onError);
      if (name !== "stdout" && name !== "stderr") return;
      // A program that starts listening mostly prints something.
      throttle.onOutput();
      drainTimer ??= setTimeout(() => {
        drainTimer = undefined;
        if (!hasLeft) log.drain();
      }, 15);
    });
    schedule();
  }

  /** Checks often during the start; later only after output or a refused connection, and rarely otherwise. */
  function schedule() {
    clearTimeout(timer);
    if (!isAlive || hasLeft || host.isFrozen()) return;
    // It has written its exit code: it ends in a moment.
    timer = setTimeout(() => void tick().catch(host.onError), readExit() === undefined ? throttle.pauseMs(state) : 20);
    timer.unref();
  }

  async function tick() {
    if (supervisor !== undefined && !isSupervisor(supervisor)) return ended();
    await (state.status === "starting" ? detectIfChanged() : detect());
    schedule();
  }

  /** A cheap check for possible changes. */
  async function detectIfChanged() {
    const wanted = saved?.port;
    const isOpen = async () => wanted !== undefined && wanted !== 0 && (await accepts(host.connect, wanted));
    if (throttle.isDue(wanted === 0) || (throttle.mayDetect() && (await isOpen()))) await detect();
  }

  /** A request during a detection is for what happens now, so it gets the next one. */
  function detect(): Promise<void> {
    if (!detecting) return (detecting = detectNow().finally(() => (detecting = undefined)));
    nextDetection ??= detecting
      .catch(() => undefined)
      .then(() => {
        nextDetection = undefined;
        return detect();
      });
    return nextDetection;
  }
  /** Detects the port: the configured one, otherwise the last one, otherwise the first. */
  async function detectNow() {
    if (host.isFrozen()) return;
    throttle.looked();
    const members = pids();
    const ports = await finder.find(members);
    if (!isAlive || hasLeft || host.isFrozen()) return;
    const wanted = saved?.port;
    const port = [wanted, state.port].find((p) => p !== undefined && ports.includes(p)) ?? ports[0];
    if (port === undefined && (wanted !== 0 || mainOf(members) === undefined)) return;
    if (health) return void checkHealth(health);
    if (state.status === "running" && state.port === port) return;
    throttle.changed();
    change({ ...state, status: "running", port });
  }

  /** Runs one check at a time with a pause in between; the first success makes it `running`. */
  function checkHealth(checked: NonNullable<typeof health>) {
    if (isChecking) return;
    isChecking = true;
    const checking = host.check(checked.spec, checked.argv).then(async (isHealthy) => {
      if (!isHealthy) await sleep(healthPauseMs, undefined, { ref: false });
      else if (health === checked) health = undefined;
    });
    checking
      // If it just ended, its end is reported elsewhere.
      .catch((error: unknown) => isAlive && !isStopping && host.onError(error))
      .finally(() => {
        isChecking = false;
        if (isAlive && !hasLeft && health === undefined) detect().catch(host.onError);
      });
  }

  let ending: Promise<void> | undefined;
  const ended = () => (ending ??= finish().finally(() => (ending = undefined)));
  async function finish() {
    if (!isAlive || hasLeft) return;
    const exitCode = readExit();
    await host.kill(undefined);
    isAlive = false;
    log.drain();
    clearTimeout(timer);
    throttle.stop();
    watcher?.close();
    const oomKilled = host.oomKills() > (saved?.oomKills ?? 0);
    const { startedAt } = state;
    forget();
    log.note(isStopping ? "stopped" : `exited with code ${exitCode ?? "unknown"}${oomKilled ? ": out of memory" : ""}`);
    change(
      isStopping || exitCode === 0
        ? { name, status: "stopped", startedAt, exitCode: exitCode ?? null, exitSignal: signalOf(exitCode) }
        : failedState(exitCode, oomKilled),
    );
  }

  async function launch(spec: ServiceSpec): Promise<ServiceState> {
    await host.kill(undefined); // left by an earlier service
    rmSync(file("exit"), { force: true });
    rmSync(file("pid"), { force: true });
    saved = {
      name,
      port: spec.port,
      stopSignal: spec.stopSignal ?? "SIGTERM",
      stopGraceMs: spec.stopGraceMs ?? 5_000,
      startedAt: Date.now(),
      lifetimeId: processLifetimeId(),
      run: basename(host.runDir),
      oomKills: host.oomKills(),
    };
    writeJson(file(serviceNote), saved);
    isStopping = false;
    health = spec.health && { spec, argv: spec.health };
    log.note(`starting: ${spec.command.map((part) => (part.includes("\n") ? "…" : part)).join(" ")}`);
    const { stdout, stderr } = log.openStreams();
    let child: ChildProcess;
    try {
      child = await host.launch(spec, ["ignore", stdout, stderr]);
    } catch (error) {
      forget();
      throw error;
    } finally {
      closeSync(stdout);
      closeSync(stderr);
    }
    supervisor = child.pid;
    isAlive = true;
    child.unref();
    // Its end may have been detected before, and another one started since.
    const isOver = () => {
      if (supervisor === child.pid) ended().catch(host.onError);
    };
    child.once("exit", isOver);
    child.once("error", isOver);
    change({ name, status: "starting", startedAt: saved.startedAt });
    follow();
    return state;
  }

  async function end(): Promise<void> {
    await starting?.catch(() => {}); // reported to the caller
    if (!isAlive) {
      await host.kill(undefined);
      if (state.status === "failed") change({ ...state, status: "stopped" });
      return;
    }
    isStopping = true;
    if (saved) writeJson(file(serviceNote), (saved = { ...saved, isStopping }));
    if (host.isFrozen()) await host.thaw();
    const main = mainOf(pids());
    if (main !== undefined) signal(main, saved?.stopSignal ?? "SIGTERM");
    const deadline = Date.now() + (main === undefined ? 0 : (saved?.stopGraceMs ?? 5_000));
    while (isAlive && Date.now() < deadline) {
      if (supervisor !== undefined && !isSupervisor(supervisor)) await ended();
      else await waiters.forChange(25);
    }
    if (!isAlive) return;
    await host.kill(supervisor);
    for (let i = 0; isAlive && i < 200; i++) {
      if (supervisor === undefined || !isSupervisor(supervisor)) await ended();
      else await waiters.forChange(10);
    }
  }

  const stop = () => (stopping ??= end().finally(() => (stopping = undefined)));
  if (saved) adopt(saved);
  // The previous process was killed while stopping it.
  if (isAlive && isStopping) stop().catch(host.onError);

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
          pauseMs: 15,
          isAlive: () => isAlive,
          state: () => state,
          detect: () => (state.status === "starting" ? detectIfChanged() : throttle.mayDetect() ? detect() : undefined),
          connect: host.connect,
          isUnhealthy: () => health !== undefined && isChecking,
          lastLines: () => log.last(20).map((line) => line.line),
        },
        { timeoutMs, deadline, signal: abort },
      );
      return current();
    },
    stop,
    usage: async () => (isAlive ? usageOfProcesses(pids()) : undefined),
    adopted: () => adoption,
    refresh: () => {
      if (!isAlive) return;
      schedule();
      host.onChange(current());
      waiters.wake();
    },
    leave() {
      hasLeft = true;
      clearTimeout(timer);
      throttle.stop();
      clearTimeout(drainTimer);
      watcher?.close();
      log.drain();
      log.close();
    },
    async abandon() {
      hasLeft = true;
      clearTimeout(timer);
      throttle.stop();
      clearTimeout(drainTimer);
      watcher?.close();
      await starting?.catch(() => {}); // reported to the caller
      await host.kill(supervisor);
      log.close();
      if (!isAlive) return;
      isAlive = false;
      change({ name, status: "stopped", startedAt: state.startedAt, exitCode: null });
    },
  };
}

/** Shells and engines report death by signal N as 128 + N. */
export function signalOf(exitCode: number | undefined): string | null {
  if (exitCode === undefined || exitCode <= 128) return null;
  return Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0] ?? null;
}

/** The program itself: bubblewrap's init is 1 in the sandbox, its child is 2. Without a pid namespace: the first one. */
function mainOf(pids: readonly number[]): number | undefined {
  let first: number | undefined;
  for (const pid of pids) {
    let status: string;
    try {
      status = readFileSync(`/proc/${pid}/status`, "utf8");
    } catch {
      continue; // it just ended
    }
    const namespaced = /^NSpid:\t(.*)$/m.exec(status)?.[1]?.split("\t") ?? [];
    if (namespaced.length > 1 && namespaced.at(-1) === "2") return pid;
    if (namespaced.length === 1 && !/^Name:\tbwrap$/m.test(status)) first ??= pid;
  }
  return first;
}

function signal(pid: number, name: NodeJS.Signals) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
