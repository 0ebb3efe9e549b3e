import { statfsSync } from "node:fs";
import { RuntimeError } from "../../errors.ts";
import { ownBytes } from "../../tree/entry.ts";

/** A project's disk usage, and what happens above the limit. */
export interface DiskWatch {
  /**
   * Call before adding so many bytes (default none). Throws `storage_full` when the project or the host has no space for them. Added bytes
   * count until the next measurement.
   */
  checkSpace(adding?: number): Promise<void>;
  /** Measures now. */
  measure(): Promise<number>;
  /** Call when something starts or is thawed: while anything runs, usage is measured when it may have grown. */
  ensureWatching(): void;
  stop(): void;
}

interface Options {
  /** The first one determines the file system. */
  folders: readonly [string, ...string[]];
  /** Folders that count completely, regardless of the owner of their files: staged files, and volumes of images with their own users. */
  whole: readonly string[];
  /** Bytes stored elsewhere. */
  more?(): Promise<number>;
  /** Files of other owners (shared dependencies) do not count. */
  owner: number | undefined;
  limitBytes(): number;
  /**
   * It was just created, so that it is within its limit: what starts does not wait for the first measurement, which walks all shared
   * dependencies. `ensureWatching` measures soon afterwards.
   */
  isNew?: boolean;
  /** Whether a program runs that could write. */
  isActive(): boolean;
  /** CPU seconds used so far; undefined when not accounted. A program that used no CPU time wrote nothing. */
  cpuSeconds(): Promise<number | undefined>;
  /** Called above the limit while usage still grows. A shrinking project (a cleanup command) may continue. */
  onGrowing(): Promise<void>;
  onError(error: unknown): void;
  /** How often to check for growth. Default 10 s. */
  everyMs?: number;
}

/** Minimum free space on the host, because the database uses the same disk. */
const hostReserveBytes = 512 * 2 ** 20;
const sampleMs = 10_000;
/** Freed space of others may hide growth: measure at least this often. */
const rareMs = 5 * 60_000;
/** Walking the tree may take at most this share of the time. */
const shareOfTime = 1 / 50;
const staleMs = 1000;
const mebibytes = (n: number) => Math.floor(n / 2 ** 20);

export function watchDisk({
  folders,
  whole,
  more,
  owner,
  limitBytes,
  isNew = false,
  isActive,
  cpuSeconds,
  everyMs = sampleMs,
  onGrowing,
  onError,
}: Options): DiskWatch {
  let bytes = 0;
  let lookedAt: number | undefined;
  let costMs = 0;
  /** CPU seconds at the last walk, and the largest free space since. */
  let mark: { cpu: number | undefined; free: number } | undefined;
  let sampler: NodeJS.Timeout | undefined;
  let isStopped = false;

  let measuring: Promise<number> | undefined;
  /** Concurrent callers share one measurement. */
  const measure = () => (measuring ??= measureNow().finally(() => (measuring = undefined)));
  async function measureNow() {
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
  /** A walk is worthwhile when free space shrank and the project used CPU time. */
  async function mayHaveGrown(): Promise<boolean> {
    if (lookedAt === undefined || mark === undefined) return true;
    const age = performance.now() - lookedAt;
    if (age < costMs / shareOfTime) return false;
    mark.free = Math.max(mark.free, freeBytes());
    const free = Math.max(0, limitBytes() - bytes);
    const growthLimit = Math.min(16 * 2 ** 20, Math.max(2 ** 20, free / 8));
    if (mark.free - freeBytes() < growthLimit && age < rareMs) return false;
    const cpu = await cpuSeconds();
    return cpu === undefined || mark.cpu === undefined || Math.abs(cpu - mark.cpu) > 0.001;
  }
  async function endGrowing() {
    if (isStopped || !isActive() || !(await mayHaveGrown())) return;
    const before = bytes;
    if ((await measure()) <= Math.max(limitBytes(), before) || isStopped) return;
    await onGrowing();
  }
  function ensureWatching() {
    if (sampler || isStopped || !isActive()) return;
    sampler = setTimeout(() => {
      sampler = undefined;
      endGrowing().then(ensureWatching, onError);
    }, everyMs);
    sampler.unref();
  }
  return {
    async checkSpace(adding = 0) {
      if (freeBytes() - adding < hostReserveBytes) throw new RuntimeError("storage_full", "This server's disk is almost full.");
      const limit = limitBytes();
      const isOver = () => adding >= 0 && bytes + adding > limit;
      // The estimate alone does not reject: files may have been deleted since.
      if (lookedAt === undefined ? !isNew || adding > 0 : isOver() && performance.now() - lookedAt > staleMs) await measure();
      if (isOver())
        throw new RuntimeError(
          "storage_full",
          `This project's disk limit is ${mebibytes(limit)} MiB, of which ${mebibytes(Math.max(0, limit - bytes))} MiB are free. Delete files you do not need and try again.`,
          { details: { used_bytes: bytes, limit_bytes: limit } },
        );
      bytes += adding;
    },
    measure,
    ensureWatching,
    stop() {
      isStopped = true;
      clearTimeout(sampler);
    },
  };
}
