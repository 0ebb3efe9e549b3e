import { acquireProcessLock, describeHolder, LockHeldError } from "@tesslate/runtime";
import { constants } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isContainerImage } from "./container-image.ts";

/** The lock of a data folder: held by its server, or by a command that needs the folder for itself. */
export const dataDirLock = (dataDir: string): string => join(dataDir, "studio.pid");

/** Locks the data folder for one process; throws and names the holder when another process has it. Returns the release function. */
export async function holdDataDir(dataDir: string): Promise<() => Promise<void>> {
  await mkdir(dataDir, { recursive: true });
  await access(dataDir, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw new Error(
      `${dataDir} is not writable for user ${process.getuid?.()} and group ${process.getgid?.()}. Change its owner, or set DATA_DIR to another folder.`,
      { cause },
    );
  });
  try {
    const release = acquireProcessLock(dataDirLock(dataDir));
    return async () => release();
  } catch (cause) {
    if (!(cause instanceof LockHeldError)) throw cause;
    const holder = cause.holder ? ` (${describeHolder(cause.holder)})` : "";
    const remedy = isContainerImage()
      ? "Stop its container (docker stop), or use another volume"
      : "Stop it (./studio stop), or set DATA_DIR and PORT";
    throw new Error(`Another Tesslate Studio${holder} uses ${dataDir}. ${remedy}.`, { cause });
  }
}
