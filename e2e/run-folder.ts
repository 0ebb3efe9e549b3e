import { mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dismissCleaner, disown, own, owned } from "./belongings.ts";
import { openImages, type Images } from "./images.ts";
import { removeLeftovers } from "./leftovers.ts";

/** One folder for all temporary files of this process and of what it starts. */
export interface RunFolder {
  images: Images;
  /** Nothing of this run is left on the machine. An interrupt does the same, and ends the process. */
  giveBack(): Promise<void>;
}

/** `templates`: those whose images are needed. */
export async function openRunFolder(templates: ReadonlySet<string>): Promise<RunFolder> {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), "studio-run-")));
  own(dir);
  process.env["TMPDIR"] = dir;
  const giveBack = async () => {
    // Something may still be starting while we are being stopped.
    for (let [folder] = owned(); folder; [folder] = owned()) {
      await removeLeftovers(folder);
      disown(folder);
    }
    await dismissCleaner();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    // Whoever stops us wants the machine back, not the good manners of servers. The cleaner would do it, too, but only when we are gone.
    process.once(signal, () => void giveBack().finally(() => process.exit(130)));
  return { images: await openImages(join(dir, "images"), templates), giveBack };
}
