import { join } from "node:path";
import { silentLog } from "../log.ts";
import { openHistory } from "./history.ts";

/** A process to be killed. Arguments: the base folder and what to do. Prints when it reaches the point. */
const [base = "", what = ""] = process.argv.slice(2);
const history = openHistory({
  dir: join(base, "kept"),
  tree: { host: join(base, "files"), tmp: join(base, "tmp"), owner: undefined },
  log: silentLog,
});
if (what.startsWith("capture:")) {
  process.stdout.write("starting\n");
  await history.capture(what.slice(8));
} else
  await history.restore(what, {
    onProgress: (done, total) => {
      if (done === total) process.stdout.write("staged\n");
    },
  });
process.stdout.write("done\n");
