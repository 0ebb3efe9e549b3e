import { statfs } from "node:fs/promises";
import { AppError } from "../../../platform/errors.ts";

/** Below this the runtime lets no project write (`packages/runtime` `host/disk.ts`), and the database is about to stop. */
const reserveBytes = 512 * 2 ** 20;

/** Throws `storage_full` when the file system of a folder is full, or about to be. */
export async function checkDisk(dataDir: string, reserve = reserveBytes): Promise<void> {
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  if (free < reserve)
    throw new AppError(
      "storage_full",
      `The disk of DATA_DIR is full: ${Math.floor(free / 2 ** 20)} MiB free, at least ${Math.ceil(reserve / 2 ** 20)} MiB are needed.`,
    );
}
