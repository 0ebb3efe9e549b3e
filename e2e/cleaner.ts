/** Reads on stdin which folders belong to the process that started it (tracked-folders.ts), and removes them when that process has ended. */
import { createInterface } from "node:readline";
import { removeLeftovers } from "./leftovers.ts";

const tracked: string[] = [];
for await (const line of createInterface({ input: process.stdin })) {
  const [verb, dir = ""] = line.split(/ (.*)/);
  if (verb === "track") tracked.push(dir);
  else if (tracked.includes(dir)) tracked.splice(tracked.indexOf(dir), 1);
}
// The latest first, because it may be inside an earlier one.
for (const dir of tracked.reverse()) await removeLeftovers(dir).catch(() => undefined);
