import { join } from "node:path";
import { folderAt } from "./files/folder.ts";
import { readJsonFile } from "./files/json-file.ts";

/** Valid sandbox ids. */
export const idPattern = /^[a-z0-9-]{1,64}$/;
/** The sandbox a driver tests itself with. */
export const probeId = "probe";

/** Whether a sandbox's tree exists, at its own path: mounts for projects may outlive it. */
export const hasTree = (stateDir: string, id: string): boolean => folderAt(join(stateDir, "sandboxes", id, "files")) !== undefined;

/** Sandboxes whose folder was deleted while they still have a slot. */
export function findDeletedSandboxes(stateDir: string): string[] {
  const { slots = {} } = readJsonFile<{ slots: Record<string, number> }>(join(stateDir, "slots.json")) ?? {};
  return Object.keys(slots).filter((id) => idPattern.test(id) && id !== probeId && !hasTree(stateDir, id));
}
