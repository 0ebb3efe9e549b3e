/** Hears by its standard input which folders belong to the process that started it (belongings.ts), and takes them away when that has ended. */
import { createInterface } from "node:readline";
import { removeLeftovers } from "./leftovers.ts";

const owned: string[] = [];
for await (const line of createInterface({ input: process.stdin })) {
  const [verb, dir = ""] = line.split(/ (.*)/);
  if (verb === "own") owned.push(dir);
  else if (owned.includes(dir)) owned.splice(owned.indexOf(dir), 1);
}
// What was made last may lie within what was made first.
for (const dir of owned.reverse()) await removeLeftovers(dir).catch(() => undefined);
