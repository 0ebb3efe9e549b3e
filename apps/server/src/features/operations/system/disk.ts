import { statfs } from "node:fs/promises";
import { AppError } from "../../../platform/errors.ts";

/** Below this the runtime blocks writes of projects (`packages/runtime` `host/files/disk.ts`). */
const reserveBytes = 512 * 2 ** 20;

/** Throws `storage_full` when the free space of the folder's file system is below `reserve` bytes. */
export async function checkDisk(dataDir: string, reserve = reserveBytes): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  if (free < reserve)
    throw new AppError(
      "storage_full",
      `The disk of DATA_DIR is almost full: ${Math.floor(free / 2 ** 20)} MiB free, ${Math.ceil(reserve / 2 ** 20)} MiB required. Free disk space.`,
    );
}
