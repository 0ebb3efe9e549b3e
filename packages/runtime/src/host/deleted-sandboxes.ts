import { join } from "node:path";
import { folderAt } from "./folder.ts";
import { readNote } from "./json-file.ts";

/** What sandboxes may be called. */
export const idPattern = /^[a-z0-9-]{1,64}$/;
/** The sandbox that a driver tries itself with. */
export const probeId = "probe";

/** Whether the tree of a sandbox lies in a state folder, seen at its own path: what is mounted for projects may go without it. */
export const hasTree = (stateDir: string, id: string): boolean => folderAt(join(stateDir, "sandboxes", id, "files")) !== undefined;

/** Sandboxes whose folder was deleted from under them: they still have a slot. */
export function findStrays(stateDir: string): string[] {
  const { slots = {} } = readNote<{ slots: Record<string, number> }>(join(stateDir, "slots.json")) ?? {};
  return Object.keys(slots).filter((id) => idPattern.test(id) && id !== probeId && !hasTree(stateDir, id));
}
