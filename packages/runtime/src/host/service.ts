import type { ChildProcess } from "node:child_process";
import { closeSync, existsSync, globSync, mkdirSync, readFileSync, readdirSync, rmSync, watch, type FSWatcher } from "node:fs";
import { constants } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { readNote, writeNote } from "./json-file.ts";
import { supervisorName } from "./process-isolation.ts";
import { createPortFinder } from "./ports.ts";
import { accepts, createLookPace, createWaiters, untilReady } from "./readiness.ts";
import { openServiceLog, type ServiceLog } from "./service-log.ts";
import type { ServiceSpec, ServiceState } from "../types.ts";

/** How a driver runs one service. The supervisor is a detached shell that leaves `pid` and `exit` in the state folder. */
export interface ServiceHost {
  /** Holds state, logs and exit status; closed to the project. */
  dir: string;
  owner: { uid: number; gid: number } | undefined;
  /** The run folder of this process: what it starts mounts parts of it. */
  runDir: string;
  /** Starts the supervisor with the given streams. */
  launch(spec: ServiceSpec, stdio: readonly ["ignore", number, number]): Promise<ChildProcess>;
  /** Runs a health check beside the service: whether it exited with 0. */
  check(spec: ServiceSpec, argv: readonly string[]): Promise<boolean>;
  /** Members of the service, the supervisor not among them. */
  pids(supervisor: number | undefined): number[];
  /** Ends every member at once. */
  kill(supervisor: number | undefined): Promise<void>;
  /** Processes of the sandbox killed for memory so far. */
  oomKills(): number;
  address(port: number): { host: string; port: number };
  isFrozen(): boolean;
  thaw(): Promise<void>;
  /** What goes wrong while nobody waits for an answer. */
  onTrouble(error: unknown): void;
  onChange(state: ServiceState): void;
}

/** One long-running process and all that descends from it. */
export interface Service {
  readonly log: Pick<ServiceLog, "note" | "follow">;
  state(): ServiceState;
  start(spec: ServiceSpec): Promise<ServiceState>;
  ready(options: { timeoutMs?: number; signal?: AbortSignal }): Promise<ServiceState>;
  stop(): Promise<void>;
  /** Resolves when it is known what an earlier process of ours left running. */
  settled(): Promise<void>;
  /** Tells that the sandbox was frozen or thawed. */
  refresh(): void;
  /** Stops looking; the service itself goes on. */
  leave(): void;
  /** Ends it at once, without a word to its folder, which is gone. */
  abandon(): Promise<void>;
}

/** What the next process of ours needs to know. The environment is not in it: it holds secrets. */
interface Saved {
  name: string;
  port: number;
  stopSignal: "SIGTERM" | "SIGINT";
  stopGraceMs: number;
  startedAt: number;
  bootId: string;
  /** Name of the run folder it was started from. Notes of earlier releases have none. */
  run?: string;
  oomKills: number;
  /** It was told to end: its end is no failure, also when a process after this one sees it. */
  isStopping?: boolean;
}

const healthPauseMs = 200;

/** The file in a service's folder that is there while it runs. */
export const serviceNote = "service.json";

/** The notes below a state folder: one for each service that runs, or did when nobody looked any more. */
export const serviceNotes = (dir: string): string[] =>
  globSync([`sandboxes/*/services/*/${serviceNote}`, `images/{*,.*}/services/*/${serviceNote}`], { cwd: dir }).map((path) =>
    join(dir, path),
  );

/** The run folders from which services were started, also those whose program is only on its way into its sandbox. */
export const runsOfServices = (dir: string): string[] => serviceNotes(dir).flatMap((note) => readNote<Saved>(note)?.run ?? []);

export const bootId = () =>
  existsSync("/proc/sys/kernel/random/boot_id") ? readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim() : "";

/** Opens the service of a state folder, taking over what still runs. */
export function openService(name: string, host: ServiceHost): Service {
  mkdirSync(host.dir, { recursive: true, mode: 0o700 });
  const file = (leaf: string) => join(host.dir, leaf);
  const log = openServiceLog(host.dir, host.owner, host.onTrouble);
  let saved = readNote<Saved>(file(serviceNote));
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
  /** What is to be asked before it counts as running; undefined once it answered well. */
  let health: { spec: ServiceSpec; argv: readonly string[] } | undefined;
  let isChecking = false;
  let looking: Promise<void> | undefined;
  let settled: Promise<void> = Promise.resolve();
  const finder = createPortFinder();
  const pace = createLookPace(() => void look().catch(host.onTrouble));
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
      log.note("taken over after a restart of the server");
      settled = look();
      follow();
      return;
    }
    // It ended while nobody looked. After a reboot of the machine nobody is to blame.
    const exitCode = readExit();
    log.drain();
    // We died before there was anything of it.
    const neverRan = exitCode === undefined && readPid() === undefined;
    state =
      known.bootId !== bootId() || exitCode === 0 || isStopping || neverRan
        ? { name, status: "stopped", exitCode: exitCode ?? null }
        : failedState(exitCode, host.oomKills() > known.oomKills);
    forget();
  }

  /** By the note it left; a supervisor that was started a moment before we died has not written it yet. */
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
  /** A pid may belong to somebody else by now; our supervisor carries its folder on its command line. */
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

  /** Reads along while the service runs. */
  function follow() {
    watcher?.close();
    watcher = watch(host.dir, { persistent: false }, (_event, name) => {
      if (name === "exit") void tick().catch(host.onTrouble);
      if (name !== "stdout" && name !== "stderr") return;
      // Who begins to listen, or to listen elsewhere, mostly says so.
      pace.onOutput();
      drainTimer ??= setTimeout(() => {
        drainTimer = undefined;
        if (!hasLeft) log.drain();
      }, 15);
    });
    schedule();
  }

  /** While it starts it is looked at often; later only after what it prints or a refused connection, and for all cases now and then. */
  function schedule() {
    clearTimeout(timer);
    if (!isAlive || hasLeft || host.isFrozen()) return;
    // It has left its exit code: in a moment it is gone.
    timer = setTimeout(() => void tick().catch(host.onTrouble), readExit() === undefined ? pace.pauseMs(state) : 20);
    timer.unref();
  }

  async function tick() {
    if (supervisor !== undefined && !isSupervisor(supervisor)) return ended();
    await (state.status === "starting" ? glance() : look());
    schedule();
  }

  /** Whether there may be something to see, for next to nothing. */
  async function glance() {
    const wanted = saved?.port;
    const isOpen = async () => wanted !== undefined && wanted !== 0 && (await accepts(host.address(wanted)));
    if (pace.isDue(wanted === 0) || (pace.mayLook() && (await isOpen()))) await look();
  }

  const look = () => (looking ??= lookNow().finally(() => (looking = undefined)));
  /** Which port does it listen on? The one it was told, else the one seen before, else the first. */
  async function lookNow() {
    if (host.isFrozen()) return;
    pace.looked();
    const members = pids();
    const ports = await finder.find(members);
    if (!isAlive || hasLeft || host.isFrozen()) return;
    const wanted = saved?.port;
    const port = [wanted, state.port].find((p) => p !== undefined && ports.includes(p)) ?? ports[0];
    const pid = mainOf(members);
    if (port !== undefined || (wanted === 0 && pid !== undefined)) {
      if (health) return void checkHealth(health);
      if (state.status !== "running" || state.port !== port || state.pid !== pid) {
        pace.changed();
        change({ ...state, status: "running", port, pid });
      }
    } else if (state.pid !== pid) state = { ...state, pid };
  }

  /** One check at a time, a moment apart; a good one makes it `running`. */
  function checkHealth(asked: NonNullable<typeof health>) {
    if (isChecking) return;
    isChecking = true;
    const asking = host.check(asked.spec, asked.argv).then(async (isHealthy) => {
      if (!isHealthy) await sleep(healthPauseMs, undefined, { ref: false });
      else if (health === asked) health = undefined;
    });
    asking
      // What cannot be asked any more because it just ended is reported by its end.
      .catch((error: unknown) => isAlive && !isStopping && host.onTrouble(error))
      .finally(() => {
        isChecking = false;
        if (isAlive && !hasLeft && health === undefined) look().catch(host.onTrouble);
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
    pace.stop();
    watcher?.close();
    const oomKilled = host.oomKills() > (saved?.oomKills ?? 0);
    const { startedAt } = state;
    forget();
    log.note(isStopping ? "stopped" : `ended with exit code ${exitCode ?? "unknown"}${oomKilled ? ": out of memory" : ""}`);
    change(
      isStopping || exitCode === 0
        ? { name, status: "stopped", startedAt, exitCode: exitCode ?? null, exitSignal: signalOf(exitCode) }
        : failedState(exitCode, oomKilled),
    );
  }

  async function launch(spec: ServiceSpec): Promise<ServiceState> {
    await host.kill(undefined); // what a service before this one may have left
    rmSync(file("exit"), { force: true });
    rmSync(file("pid"), { force: true });
    saved = {
      name,
      port: spec.port,
      stopSignal: spec.stopSignal ?? "SIGTERM",
      stopGraceMs: spec.stopGraceMs ?? 5_000,
      startedAt: Date.now(),
      bootId: bootId(),
      run: basename(host.runDir),
      oomKills: host.oomKills(),
    };
    writeNote(file(serviceNote), saved);
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
    // Its end may have been seen otherwise before, and another one started since.
    const isOver = () => {
      if (supervisor === child.pid) ended().catch(host.onTrouble);
    };
    child.once("exit", isOver);
    child.once("error", isOver);
    change({ name, status: "starting", startedAt: saved.startedAt });
    follow();
    return state;
  }

  async function end(): Promise<void> {
    await starting?.catch(() => {}); // its caller hears of it
    if (!isAlive) {
      await host.kill(undefined);
      if (state.status === "failed") change({ ...state, status: "stopped" });
      return;
    }
    isStopping = true;
    if (saved) writeNote(file(serviceNote), (saved = { ...saved, isStopping }));
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
  // The process before this one died in the middle of ending it.
  if (isAlive && isStopping) stop().catch(host.onTrouble);

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
          look: () => (state.status === "starting" ? glance() : pace.mayLook() ? look() : undefined),
          address: host.address,
          isUnhealthy: () => health !== undefined && isChecking,
          lastLines: () => log.last(20).map((line) => line.line),
        },
        { timeoutMs, deadline, signal: abort },
      );
      return current();
    },
    stop,
    settled: () => settled,
    refresh: () => {
      if (!isAlive) return;
      schedule();
      host.onChange(current());
      waiters.wake();
    },
    leave() {
      hasLeft = true;
      clearTimeout(timer);
      pace.stop();
      clearTimeout(drainTimer);
      watcher?.close();
      log.drain();
      log.close();
    },
    async abandon() {
      hasLeft = true;
      clearTimeout(timer);
      pace.stop();
      clearTimeout(drainTimer);
      watcher?.close();
      await starting?.catch(() => {}); // its caller hears of it
      await host.kill(supervisor);
      log.close();
      if (!isAlive) return;
      isAlive = false;
      change({ name, status: "stopped", startedAt: state.startedAt, exitCode: null });
    },
  };
}

/** Shells and engines report a death by signal N as 128 + N. */
export function signalOf(exitCode: number | undefined): string | null {
  if (exitCode === undefined || exitCode <= 128) return null;
  return Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0] ?? null;
}

/** The program itself: bubblewrap's init is 1 in the sandbox, what it starts is 2. Without a pid namespace: the first one. */
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
