import { statfsSync } from "node:fs";
import { RuntimeError } from "../errors.ts";
import { ownBytes } from "../tree/entry.ts";

/** How much a project has on this host's disk, and what happens when it is too much. */
export interface DiskWatch {
  /** Throws `storage_full` when the project, or the host itself, has no room left. */
  checkSpace(): void;
  /** Looks now. */
  measure(): Promise<number>;
  /** Call when something starts: while anything runs, the size is looked at now and then. */
  keepWatching(): void;
  stop(): void;
}

interface Options {
  /** The first lies on the file system that counts. */
  folders: readonly [string, ...string[]];
  /** What belongs to others (shared dependencies) does not count. */
  owner: number | undefined;
  limitBytes(): number;
  isActive(): boolean;
  /** Over the limit and still growing. Who is over it and shrinking (a cleaning command) may go on. */
  onGrowing(): Promise<void>;
  onTrouble(error: unknown): void;
}

/** Below this much free space on the host, projects may not write: the database lives there too. */
const hostReserveBytes = 512 * 2 ** 20;
const sampleMs = 10_000;

export function watchDisk({ folders, owner, limitBytes, isActive, onGrowing, onTrouble }: Options): DiskWatch {
  let bytes = 0;
  let sampler: NodeJS.Timeout | undefined;
  let isStopped = false;

  async function measure() {
    let sum = 0;
    for (const folder of folders) sum += await ownBytes(folder, owner);
    bytes = sum;
    return sum;
  }
  async function endGrowing() {
    const before = bytes;
    if (isStopped || (await measure()) <= Math.max(limitBytes(), before)) return;
    await onGrowing();
  }
  function keepWatching() {
    if (sampler || isStopped || !isActive()) return;
    sampler = setTimeout(() => {
      sampler = undefined;
      endGrowing().then(keepWatching, onTrouble);
    }, sampleMs);
    sampler.unref();
  }
  return {
    checkSpace() {
      if (bytes > limitBytes())
        throw new RuntimeError("storage_full", `the project uses more than its ${Math.round(limitBytes() / 2 ** 20)} MiB of disk`);
      const { bavail, bsize } = statfsSync(folders[0]);
      if (bavail * bsize < hostReserveBytes) throw new RuntimeError("storage_full", "this server's disk is almost full");
    },
    measure,
    keepWatching,
    stop() {
      isStopped = true;
      clearTimeout(sampler);
    },
  };
}
