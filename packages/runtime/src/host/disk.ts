import { statfsSync } from "node:fs";
import { RuntimeError } from "../errors.ts";
import { ownBytes } from "../tree/entry.ts";

/** How much a project has on this host's disk, and what happens when it is too much. */
export interface DiskWatch {
  /**
   * Before so many bytes are added (default none). Throws `storage_full` when the project, or the host itself, has no room for them.
   * What is added is counted along until the next look at the disk.
   */
  checkSpace(adding?: number): Promise<void>;
  /** Looks now. */
  measure(): Promise<number>;
  /** Call when something starts or is thawed: while anything runs, the size is looked at when it may have grown. */
  keepWatching(): void;
  stop(): void;
}

interface Options {
  /** The first lies on the file system that counts. */
  folders: readonly [string, ...string[]];
  /** Whoever owns the files there, they count: where files wait before they are the project's, and volumes of images with users of their own. */
  whole: readonly string[];
  /** Bytes that lie elsewhere. */
  more?(): Promise<number>;
  /** What belongs to others (shared dependencies) does not count. */
  owner: number | undefined;
  limitBytes(): number;
  /** Something runs that could write. */
  isActive(): boolean;
  /** CPU seconds that its programs used so far; undefined where nobody counts them. Who used none wrote nothing. */
  cpuSeconds(): Promise<number | undefined>;
  /** Over the limit and still growing. Who is over it and shrinking (a cleaning command) may go on. */
  onGrowing(): Promise<void>;
  onTrouble(error: unknown): void;
  /** How often it is asked whether anything grew. Default 10 s. */
  everyMs?: number;
}

/** Below this much free space on the host, projects may not write: the database lives there too. */
const hostReserveBytes = 512 * 2 ** 20;
const sampleMs = 10_000;
/** Others may free as much as a project writes: without a sign of growth it is looked at this often. */
const rareMs = 5 * 60_000;
/** A walk of the tree costs at most this part of the time. */
const shareOfTime = 1 / 50;
const staleMs = 1000;
const mebibytes = (n: number) => Math.floor(n / 2 ** 20);

export function watchDisk({
  folders,
  whole,
  more,
  owner,
  limitBytes,
  isActive,
  cpuSeconds,
  everyMs = sampleMs,
  onGrowing,
  onTrouble,
}: Options): DiskWatch {
  let bytes = 0;
  let lookedAt: number | undefined;
  let costMs = 0;
  /** CPU seconds at the last walk, and the most that was free since. */
  let mark: { cpu: number | undefined; free: number } | undefined;
  let sampler: NodeJS.Timeout | undefined;
  let isStopped = false;

  let measuring: Promise<number> | undefined;
  /** Whoever asks while the disk is looked at gets the same answer. */
  const measure = () => (measuring ??= look().finally(() => (measuring = undefined)));
  async function look() {
    const started = performance.now();
    mark = { cpu: await cpuSeconds(), free: freeBytes() };
    let sum = (await more?.()) ?? 0;
    for (const folder of whole) sum += await ownBytes(folder, undefined);
    for (const folder of folders) sum += await ownBytes(folder, owner);
    bytes = sum;
    lookedAt = performance.now();
    costMs = lookedAt - started;
    return sum;
  }
  const freeBytes = () => {
    const { bavail, bsize } = statfsSync(folders[0]);
    return bavail * bsize;
  };
  /** Whether it is worth a walk of the tree: space went, and the project used the processor. */
  async function mayHaveGrown(): Promise<boolean> {
    if (lookedAt === undefined || mark === undefined) return true;
    const age = performance.now() - lookedAt;
    if (age < costMs / shareOfTime) return false;
    mark.free = Math.max(mark.free, freeBytes());
    const room = Math.max(0, limitBytes() - bytes);
    const tolerated = Math.min(16 * 2 ** 20, Math.max(2 ** 20, room / 8));
    if (mark.free - freeBytes() < tolerated && age < rareMs) return false;
    const cpu = await cpuSeconds();
    return cpu === undefined || mark.cpu === undefined || Math.abs(cpu - mark.cpu) > 0.001;
  }
  async function endGrowing() {
    if (isStopped || !isActive() || !(await mayHaveGrown())) return;
    const before = bytes;
    if ((await measure()) <= Math.max(limitBytes(), before) || isStopped) return;
    await onGrowing();
  }
  function keepWatching() {
    if (sampler || isStopped || !isActive()) return;
    sampler = setTimeout(() => {
      sampler = undefined;
      endGrowing().then(keepWatching, onTrouble);
    }, everyMs);
    sampler.unref();
  }
  return {
    async checkSpace(adding = 0) {
      if (freeBytes() - adding < hostReserveBytes) throw new RuntimeError("storage_full", "This server's disk is almost full.");
      const limit = limitBytes();
      const isOver = () => adding >= 0 && bytes + adding > limit;
      // The count alone refuses nobody: files may have been deleted since.
      if (lookedAt === undefined || (isOver() && performance.now() - lookedAt > staleMs)) await measure();
      if (isOver())
        throw new RuntimeError(
          "storage_full",
          `This project may use ${mebibytes(limit)} MiB of disk, of which ${mebibytes(Math.max(0, limit - bytes))} MiB are free. Delete what is not needed and try again.`,
          { details: { used_bytes: bytes, limit_bytes: limit } },
        );
      bytes += adding;
    },
    measure,
    keepWatching,
    stop() {
      isStopped = true;
      clearTimeout(sampler);
    },
  };
}
