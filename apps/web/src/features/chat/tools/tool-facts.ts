import { counted } from "../../../lib/counted.ts";
import { addedLines, countLines, diffLines, type DiffLine } from "../../../lib/diff-lines.ts";
import type { ToolPart } from "../chat.types.ts";
import { pathOf } from "../run-events.ts";
import { currentToolName } from "./tool-names.ts";

/** What a row shows of a call, derived from its result. Works for unknown tools too. */
export interface ToolFacts {
  /** Lines added and removed by a call that writes files; both 0 if it changed nothing. */
  change: { added: number; removed: number } | undefined;
  exitCode: number | undefined;
  /** The command was killed because the project had reached its memory limit. */
  isOutOfMemory: boolean;
  diff: DiffLine[] | undefined;
  /** Text to show below the row. After a failure it starts with the reason. */
  output: string | undefined;
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value.trim() !== "" ? value : undefined);
const record = (value: unknown): Record<string, unknown> =>
  value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {};

const outputKeys = ["stdout", "stderr", "output", "content", "preview", "suggestion", "message"] as const;

function outputOf(result: Record<string, unknown>): string | undefined {
  const streams = ["stdout", "stderr"].flatMap((key) => text(result[key]) ?? []);
  if (streams.length > 0) return streams.join("\n");
  for (const key of outputKeys) {
    const found = text(result[key]);
    if (found) return found;
  }
  const list = result["files"] ?? result["entries"] ?? result["matches"];
  if (Array.isArray(list)) return list.map((entry) => text(entry) ?? text(record(entry)["path"]) ?? JSON.stringify(entry)).join("\n");
  const rest = Object.keys(result).filter((key) => key !== "success");
  return rest.length > 0 ? JSON.stringify(result, undefined, 2) : undefined;
}

/** Lines as counted by the tool, which compares the old text with the new one. */
function comparedLines(value: unknown): ToolFacts["change"] {
  const { additions: added, deletions: removed } = record(value);
  return typeof added === "number" && typeof removed === "number" ? { added, removed } : undefined;
}

/** The written text as added lines, if all of it is new. For a replaced file, only the stored parameters are left after a reload. */
function writtenLines(part: ToolPart, change: ToolFacts["change"]): DiffLine[] | undefined {
  const written = part.name === "write_file" ? text(part.parameters["content"]) : undefined;
  const lines = written === undefined ? undefined : addedLines(written);
  return !change || (change.removed === 0 && change.added === lines?.length) ? lines : undefined;
}

export function toolFacts(part: ToolPart): ToolFacts {
  const result = record(part.result?.result);
  const details = record(result["details"]);
  const exit = details["exit_code"] ?? result["exit_code"];
  const diffs = part.edits.flatMap((edit) => edit.diff ?? []);
  const diffText = diffs.length > 0 ? diffs.join("\n") : text(result["diff"]);
  const change = comparedLines(result["change"]);
  const isUnchanged = change?.added === 0 && change.removed === 0;
  const diff = isUnchanged ? undefined : diffText ? diffLines(diffText) : part.status === "ok" ? writtenLines(part, change) : undefined;
  const reason = text(part.result?.error);
  const said = diff ? undefined : isUnchanged ? text(result["message"]) : outputOf(result);
  const output = [reason !== said ? reason : undefined, said].filter((piece) => piece !== undefined).join("\n") || undefined;
  return {
    change: change ?? (diff && countLines(diff)),
    exitCode: typeof exit === "number" ? exit : undefined,
    isOutOfMemory: details["out_of_memory"] === true,
    diff,
    output,
  };
}

const patchedPaths = (parameters: Record<string, unknown>): string[] =>
  [...(text(parameters["patch"]) ?? "").matchAll(/^\*\*\* (?:Add|Update|Delete) File: (.+)$/gm)].map((found) => found[1] ?? "");

const countOf = (value: unknown, noun: string): string | undefined => (Array.isArray(value) ? counted(value.length, noun) : undefined);

/** The main argument of a call: a path, a command, a pattern. */
export function argumentOf(part: Pick<ToolPart, "name" | "parameters">): { text: string; isMono: boolean } {
  const { parameters } = part;
  const path = pathOf(parameters);
  const command = text(parameters["command"]);
  if (command) return { text: command, isMono: true };
  if (part.name === "apply_patch") {
    const paths = patchedPaths(parameters);
    return { text: paths.length === 1 ? (paths[0] ?? "") : counted(paths.length, "file"), isMono: paths.length === 1 };
  }
  if (part.name === "todo_write") return { text: countOf(parameters["todos"], "item") ?? "", isMono: false };
  if (part.name === "save_plan" || part.name === "update_plan")
    return { text: countOf(parameters["steps"] ?? parameters["plan"], "step") ?? "", isMono: false };
  if (part.name === "verify") return { text: text(parameters["title"]) ?? "", isMono: false };
  if (part.name === "run_checks")
    return { text: Array.isArray(parameters["names"]) ? parameters["names"].join(", ") : "all", isMono: false };
  const pattern = text(parameters["pattern"]) ?? text(parameters["query"]) ?? text(parameters["regex"]);
  if (pattern) return { text: path ? `${pattern} in ${path}` : pattern, isMono: true };
  if (path !== undefined) return { text: path || ".", isMono: true };
  const url = text(parameters["url"]);
  if (url) return { text: url, isMono: true };
  const task = text(parameters["task"]) ?? text(parameters["name"]);
  if (task) return { text: task, isMono: false };
  const first = Object.values(parameters).find((value) => text(value));
  return { text: text(first) ?? "", isMono: true };
}

const writers: ReadonlySet<string> = new Set(["write_file", "edit_file"]);

/** The files a call changed: from its live events, or from its parameters if only the stored step is left. */
export function touchedPaths(part: ToolPart): string[] {
  if (part.edits.length > 0) return part.edits.map((edit) => edit.path);
  if (part.status !== "ok") return [];
  if (part.name === "apply_patch") return patchedPaths(part.parameters);
  const path = writers.has(currentToolName(part.name)) ? pathOf(part.parameters) : undefined;
  return path === undefined ? [] : [path];
}
