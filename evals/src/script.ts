import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ScriptedTurn } from "@tesslate/agent";

export type Script = readonly ScriptedTurn[];
type ScriptedCall = NonNullable<ScriptedTurn["calls"]>[number];

/** The answers of a scripted model: `script.ts` of a task exports them by default. */
export const defineScript = (turns: Script): Script => turns;

export const call = (tool: string, args: Record<string, unknown>): ScriptedCall => ({ tool, args });
export const read = (...paths: string[]): ScriptedCall[] => paths.map((path) => call("read_file", { file_path: path }));
export const edit = (file_path: string, search: string, replace: string): ScriptedCall =>
  call("edit_file", { file_path, edits: [{ search, replace }] });
export const run = (command: string): ScriptedCall[] => [call("run_command", { command })];

/** One `write_file` for each file of a folder, such as `new URL("solution/", import.meta.url)`. A file that exists must have been read before. */
export function write(folder: URL): ScriptedCall[] {
  const root = fileURLToPath(folder);
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .map((file) => call("write_file", { file_path: file.slice(root.length), content: readFileSync(file, "utf8") }));
}
