import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { RuntimeError } from "../errors.ts";

/** Whoever holds a lock, as its note says: to name them in a message, never to decide whether they live. */
export interface Holder {
  pid: number;
  /** In the kernel's ticks: tells the process from a later one with the same pid. */
  started: string;
  /** Empty in notes of earlier versions. */
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

/** "process 123 on HOST, boot ID": in another container or on another host its pid means nothing here. */
export const describeHolder = ({ pid, host, bootId }: Holder): string =>
  `process ${pid}${host ? ` on ${host}` : ""}${bootId ? `, boot ${bootId.slice(0, 8)}` : ""}`;

/**
 * One holder per file, for as long as the process lives. The lock is the kernel's (a POSIX record lock, taken by SQLite, which Node brings):
 * it holds across pid namespaces and containers that share the file, goes with its process however that ends, and is not inherited by
 * children. `file` itself is a note that says who holds it; the lock lies beside it in `<file>.kernel`, which stays. Throws `LockHeldError`.
 * Returns the release. Short turns that others wait for are `withFileLock` (file-lock.ts), which says why there are two.
 */
export function holdLock(file: string): () => void {
  const lock = new DatabaseSync(`${file}.kernel`, { timeout: 0 });
  const give = () => lock.close();
  try {
    lock.exec("pragma journal_mode = memory; begin exclusive");
  } catch (error) {
    give();
    if ((error as { errcode?: number }).errcode === sqliteBusy) throw new LockHeldError(file, readHolder(file));
    throw new Error(`${file} cannot be locked: it needs a file system with file locks`, { cause: error });
  }
  // Servers of earlier versions have a note alone.
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

/** Runs the work while no other process runs any under the same file. Blocks until it is its turn: for work of a few milliseconds. */
export function holdFile<T>(file: string, work: () => T): T {
  const lock = new DatabaseSync(file, { timeout: 30_000 });
  try {
    lock.exec("pragma journal_mode = memory; begin exclusive");
    return work();
  } finally {
    lock.close();
  }
}

/**
 * The same, but whoever ends what an earlier server left (`caretaker` is on its command line) is waited for: it is done soon. Throws
 * `unavailable` when somebody else holds it.
 */
export async function awaitLock(file: string, caretaker: string): Promise<() => void> {
  let isRefused = false;
  for (const until = Date.now() + 60_000; ; await sleep(100)) {
    try {
      return holdLock(file);
    } catch (cause) {
      if (!(cause instanceof LockHeldError)) throw cause;
      const { holder } = cause;
      const isCaretaker = holder && holder.pid !== process.pid && read(`/proc/${holder.pid}/cmdline`).split("\0").includes(caretaker);
      // It may have ended since it was seen to hold the lock: the second look decides.
      if (Date.now() > until || (holder && !isCaretaker && isRefused))
        throw new RuntimeError("unavailable", `${holder ? describeHolder(holder) : "another process"} uses this data folder already`, {
          cause,
        });
      isRefused = holder !== undefined && !isCaretaker;
    }
  }
}

function readHolder(file: string): Holder | undefined {
  const [pid = "", started = "", bootId = "", host = ""] = read(file).split(" ");
  return /^\d+$/.test(pid) ? { pid: Number(pid), started, bootId, host } : undefined;
}

/** Of this start of the kernel. Empty where the kernel does not tell. */
const bootId = (): string => read("/proc/sys/kernel/random/boot_id").trim();

const read = (file: string) => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
};

/** Tells a process from every other one, also from later ones with its pid: `<pid> <start time>`. */
export const nameOfProcess = (pid: number): string => `${pid} ${startTime(pid)}`;

/** Whether the process of that name still runs. */
export function isProcess(name: string): boolean {
  const [pid = "", started = ""] = name.split(" ");
  return started !== "" && startTime(Number(pid)) === started;
}

/** When a process started, in the kernel's ticks. Empty when there is none. */
function startTime(pid: number): string {
  const stat = read(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}
