import { readFileSync } from "node:fs";
import { treeOf } from "./memory.ts";
import type { RunningStudio } from "../e2e/studio.ts";

/** Socket folder of a running server's embedded database: the `-k` of its postmaster. */
export function socketDirOf({ process }: Pick<RunningStudio, "process">): string {
  for (const child of treeOf(process.pid ?? 0)) {
    const argv = readFileSync(`/proc/${child}/cmdline`, "utf8").split("\0");
    const at = argv.indexOf("-k");
    if (at > 0 && argv[at + 1]) return argv[at + 1] as string;
  }
  throw new Error("the server has no embedded database");
}
