import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
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

/** The holder recorded in a lock file: for messages only, not to decide whether it is alive. */
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
  const lock = new DatabaseSync(`${file}.kernel`, { timeout: 0 });
  const give = () => lock.close();
  try {
    lock.exec("pragma journal_mode = memory; begin exclusive");
  } catch (error) {
    give();
    if ((error as { errcode?: number }).errcode === sqliteBusy) throw new LockHeldError(file, readHolder(file));
    throw new Error(`${file} cannot be locked: it needs a file system with file locks`, { cause: error });
  }
  // Earlier versions only write the file.
  const earlier = readHolder(file);
  if (earlier?.bootId === "" && isProcess(`${earlier.pid} ${earlier.started}`)) {
    give();
    throw new LockHeldError(file, earlier);
  }
  const mine = `${nameOfProcess(process.pid)} ${bootId()} ${hostname()}`;
  writeFileSync(file, mine);
  return () => {
    if (read(file) === mine) rmSync(file, { force: true });
    give();
  };
}
const sqliteBusy = 5;

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
const bootId = (): string => read("/proc/sys/kernel/random/boot_id").trim();

const read = (file: string) => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};

/** Identifies a process uniquely, also among later ones with its pid: `<pid> <start time>`. */
export const nameOfProcess = (pid: number): string => `${pid} ${startTime(pid)}`;

/** Whether that process still runs. */
export function isProcess(name: string): boolean {
  const [pid = "", started = ""] = name.split(" ");
  return started !== "" && startTime(Number(pid)) === started;
}

/** A process's start time in kernel ticks. Empty when it does not exist. */
function startTime(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
