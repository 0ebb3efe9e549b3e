import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeError } from "../../errors.ts";
import { systemPath } from "../../run.ts";

/*
 * Locks among the processes of this machine. The kernel holds all of them and releases them when their holder ends. Three, because they
 * wait differently:
 *
 * - `acquireProcessLock` is held for the life of a process, and fails at once when another holds it; `awaitProcessLock` waits for a
 *   process that is about to end.
 * - `withSyncLock` blocks the whole process while it waits: for synchronous work of a few milliseconds.
 * - `withLock` waits asynchronously, in a queue of the kernel: for short asynchronous work with many waiters. Its holder is a child
 *   process, which could be killed while we assume that we hold the lock, so it does not suit a lock for life.
 */

/** A process as it is recorded in a file. In a lock file it is for messages only, not to decide whether the holder is alive. */
export interface Holder {
  pid: number;
  /** In kernel ticks: distinguishes the process from a later one with the same pid. */
  started: string;
  /** Empty in files of earlier versions. */
  bootId: string;
  host: string;
}

/** Another process holds the lock. */
export class LockHeldError extends Error {
  readonly holder: Holder | undefined;
  constructor(file: string, holder: Holder | undefined) {
    super(`${file} is locked by ${holder ? describeHolder(holder) : "another process"}`);
    this.holder = holder;
  }
}

/** "process 123 on HOST, boot ID": in another container or on another host its pid is meaningless here. */
export const describeHolder = ({ pid, host, bootId }: Holder): string =>
  `process ${pid}${host ? ` on ${host}` : ""}${bootId ? `, boot ${bootId.slice(0, 8)}` : ""}`;

/**
 * One holder per file, for the life of the process. A POSIX record lock, taken by Node's SQLite: it works across pid namespaces and
 * containers that share the file, and is not inherited by children. `file` names the holder; the lock itself is `<file>.kernel`, which
 * stays. Throws `LockHeldError`. Returns the release function.
 */
export function acquireProcessLock(file: string): () => void {
  // Waits longer than `findLockHolder` looks.
  const lock = new DatabaseSync(`${file}.kernel`, { timeout: 50 });
  const give = () => lock.close();
  try {
    lock.exec("pragma journal_mode = memory; begin exclusive");
  } catch (error) {
    give();
    if (isBusy(error)) throw new LockHeldError(file, readHolder(file));
    throw new Error(`${file} cannot be locked: it needs a file system with file locks`, { cause: error });
  }
  // Earlier versions only write the file.
  const earlier = readHolder(file);
  if (earlier?.bootId === "" && isProcess(`${earlier.pid} ${earlier.started}`)) {
    give();
    throw new LockHeldError(file, earlier);
  }
  const { pid, started, bootId: boot, host } = thisProcess();
  const mine = `${pid} ${started} ${boot} ${host}`;
  writeFileSync(file, mine);
  return () => {
    if (read(file) === mine) rmSync(file, { force: true });
    give();
  };
}

/** Whether a process of any container holds the lock of `acquireProcessLock`, and which. Does not take the lock. */
export function findLockHolder(file: string): { isHeld: boolean; holder: Holder | undefined } {
  if (!existsSync(`${file}.kernel`)) return { isHeld: false, holder: undefined };
  const lock = new DatabaseSync(`${file}.kernel`, { readOnly: true, timeout: 0 });
  try {
    lock.exec("select 1 from sqlite_schema");
    return { isHeld: false, holder: undefined };
  } catch (error) {
    if (!isBusy(error)) throw error;
    return { isHeld: true, holder: readHolder(file) };
  } finally {
    lock.close();
  }
}

const sqliteBusy = 5;
const isBusy = (error: unknown): boolean => (error as { errcode?: number }).errcode === sqliteBusy;

/** Runs `work` exclusively among all processes that use the same file; it stays. Blocks this process until the lock is free. */
export function withSyncLock<T>(file: string, work: () => T): T {
  const lock = new DatabaseSync(file, { timeout: 30_000 });
  try {
    lock.exec("pragma journal_mode = memory; begin exclusive");
    return work();
  } finally {
    lock.close();
  }
}

/**
 * Like `acquireProcessLock`, but waits for a process that ends what an earlier server left (`caretaker` is on its command line): it is done soon. Throws
 * `unavailable` when another process holds it.
 */
export async function awaitProcessLock(file: string, caretaker: string): Promise<() => void> {
  let isRefused = false;
  for (const until = Date.now() + 60_000; ; await sleep(100)) {
    try {
      return acquireProcessLock(file);
    } catch (cause) {
      if (!(cause instanceof LockHeldError)) throw cause;
      const { holder } = cause;
      const isCaretaker = holder && holder.pid !== process.pid && read(`/proc/${holder.pid}/cmdline`).split("\0").includes(caretaker);
      // It may have ended in between: check again.
      if (Date.now() > until || (holder && !isCaretaker && isRefused))
        throw new RuntimeError("unavailable", `${holder ? describeHolder(holder) : "another process"} already uses this data folder`, {
          cause,
        });
      isRefused = holder !== undefined && !isCaretaker;
    }
  }
}

/** Runs `work` exclusively among all processes that use the same file; it stays. */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  // `cat` prints only once the lock is held, and ends when we close its input or die.
  const holder = spawn("flock", [file, "cat"], { env: { PATH: systemPath }, stdio: ["pipe", "pipe", "pipe"] });
  const ended = once(holder, "close");
  ended.catch(() => {}); // awaited below
  holder.stdin.on("error", () => {});
  holder.stdin.write("locked");
  let trouble = "";
  holder.stderr.on("data", (chunk: Buffer) => (trouble += chunk.toString()));
  const hasLock = await Promise.race([once(holder.stdout, "data").then(() => true), ended.then(() => false)]);
  if (!hasLock) throw new Error(`${file} cannot be locked: ${trouble.trim()}`);
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}

function readHolder(file: string): Holder | undefined {
  const [pid = "", started = "", bootId = "", host = ""] = read(file).split(" ");
  return /^\d+$/.test(pid) ? { pid: Number(pid), started, bootId, host } : undefined;
}

/** Id of this boot. Empty when the kernel does not report it. */
export const bootId = (): string => read("/proc/sys/kernel/random/boot_id").trim();

const read = (file: string) => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};

/** Identifies a process uniquely, also among later ones with its pid: `<pid> <start time>`. */
export const nameOfProcess = (pid: number): string => `${pid} ${startTime(pid)}`;

/**
 * Names what the processes of this machine or container end with: another one after a reboot, and in another container or the same one after a
 * restart.
 */
export const processLifetimeId = (): string => `${bootId()} ${startTime(1)}`;

/** Whether that process still runs. */
export function isProcess(name: string): boolean {
  const [pid = "", started = ""] = name.split(" ");
  return started !== "" && startTime(Number(pid)) === started;
}

export const thisProcess = (): Holder => ({ pid: process.pid, started: startTime(process.pid), bootId: bootId(), host: hostname() });

/** Whether the recorded process still runs and is visible from here: `false` for one in another container, and after a restart of the machine. */
export function isRunningHere({ pid, started, bootId: boot }: Holder): boolean {
  if (boot !== bootId()) return false;
  if (started !== "") return isProcess(`${pid} ${started}`);
  // A system without /proc.
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** A process's start time in kernel ticks. Empty when it does not exist or has ended and only its parent has not noticed yet. */
function startTime(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? "" : (fields[19] ?? "");
}
