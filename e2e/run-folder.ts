import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stopCleaner, trackFolder, trackedFolders, untrackFolder } from "./tracked-folders.ts";
import { openImages, type Images } from "./images.ts";
import { removeLeftovers } from "./leftovers.ts";

/** One folder for all temporary files of this process and its descendants. */
export interface RunFolder {
  images: Images;
  /** Removes everything that this run left on the machine. An interrupt does the same, and ends the process. */
  cleanUp(): Promise<void>;
}

/** `templates`: those whose images are needed. */
export async function openRunFolder(templates: ReadonlySet<string>): Promise<RunFolder> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "studio-run-")));
  trackFolder(dir);
  process.env["TMPDIR"] = dir;
  const cleanUp = async () => {
    // Something may still be starting while this process is being stopped.
    for (let [folder] = trackedFolders(); folder; [folder] = trackedFolders()) {
      await removeLeftovers(folder);
      untrackFolder(folder);
    }
    await stopCleaner();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    // Kill instead of an orderly shutdown. The cleaner would do it too, but only after this process has ended.
    process.once(signal, () => void cleanUp().finally(() => process.exit(130)));
  return { images: await openImages(join(dir, "images"), templates), cleanUp };
}
