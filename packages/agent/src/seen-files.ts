import { ToolFailure, type SeenFiles, type ShownFiles, type ToolContext } from "./tool.ts";
import { callsOf, textOf, type ModelMessage, type ToolCallPart, type ToolMessage } from "./conversation.ts";
import { isWholeRead } from "./read-result.ts";
import { isShortened } from "./truncate.ts";
import { resolvePath, shownPath } from "./workspace-path.ts";

/** For callers that store nothing between runs. */
export const createSeenFiles = (): SeenFiles => new Map<string, string>();

/** The agent read the file or wrote it whole, so its text is in the conversation. */
export function sawText({ seen, shown }: Pick<ToolContext, "seen" | "shown">, path: string, etag: string): void {
  seen.set(path, etag);
  shown.set(path, "all");
}

/** The agent read some of the lines of the file, so that these are in the conversation. */
export function sawLines(
  context: Pick<ToolContext, "seen" | "shown">,
  path: string,
  etag: string,
  { shown, all }: { shown: readonly string[]; all: readonly string[] },
): void {
  // What was shown of an earlier version, changed by someone else, is not all of this one.
  if (context.shown.get(path) === "all" && context.seen.get(path) !== etag) context.shown.delete(path);
  context.seen.set(path, etag);
  addLines(context.shown, path, shown);
  if (unshownLines(context, path, all).length === 0) context.shown.set(path, "all");
}

export function sawDeletion({ seen, shown }: ToolContext, path: string): void {
  seen.delete(path);
  shown.delete(path);
}

function addLines(shown: ShownFiles, path: string, lines: readonly string[]): void {
  const known = shown.get(path) ?? new Set<string>();
  if (known === "all") return;
  for (const line of lines) known.add(line.trimEnd());
  shown.set(path, known);
}

/** Those of the lines that are not in the conversation, except blank ones. */
export function unshownLines({ shown }: Pick<ToolContext, "shown">, path: string, lines: readonly string[]): string[] {
  const known = shown.get(path);
  if (known === "all") return [];
  return lines.map((line) => line.trimEnd()).filter((line) => line !== "" && !known?.has(line));
}

/** The text of files in these messages: read or written. */
export function shownIn(messages: readonly ModelMessage[], root: string): ShownFiles {
  const calls = new Map<string, ToolCallPart>();
  const shown: ShownFiles = new Map();
  for (const message of messages) {
    if (message.role === "assistant") for (const call of callsOf(message)) calls.set(call.id, call);
    if (message.role !== "tool") continue;
    for (const result of message.parts) {
      const call = result.is_error ? undefined : calls.get(result.call_id);
      const path = call && pathOf(call, root);
      if (path === undefined) continue;
      const text = textOf(result);
      const lines = text.split("\n");
      if (call?.name === "write_file" || (call?.name === "read_file" && isWholeRead(text))) shown.set(path, "all");
      else if (call?.name === "read_file") addLines(shown, path, lines);
      else if (shown.has(path)) addLines(shown, path, linesOfDiff(lines));
    }
  }
  return shown;
}

/** After a step of which not all results fitted: files that were read in it are known only as far as their text is in the conversation. */
export function forgetCutReads(context: Pick<ToolContext, "shown" | "root">, record: readonly ModelMessage[], step: ToolMessage): void {
  const cut = step.parts.filter((result) => result.name === "read_file" && isShortened(textOf(result))).map(({ call_id }) => call_id);
  if (cut.length === 0) return;
  const calls = record.flatMap((message) => (message.role === "assistant" ? callsOf(message) : []));
  const known = shownIn(record, context.root);
  for (const id of cut) {
    const call = calls.find((one) => one.id === id);
    const path = call && pathOf(call, context.root);
    const lines = path === undefined ? undefined : known.get(path);
    if (path !== undefined && lines) context.shown.set(path, lines);
  }
}

const linesOfDiff = (lines: readonly string[]): string[] => lines.map((line) => line.slice(1));

const namesFile: ReadonlySet<string> = new Set(["read_file", "write_file", "edit_file"]);
function pathOf(call: ToolCallPart, root: string): string | undefined {
  if (!namesFile.has(call.name)) return undefined;
  try {
    const { file_path } = JSON.parse(call.arguments) as { file_path?: unknown };
    return typeof file_path === "string" ? resolvePath(root, file_path) : undefined;
  } catch {
    return undefined;
  }
}

interface Edit {
  before: { etag: string; text: string };
  after: { etag: string; text: string };
}
/** After the agent's own edit: a file that it had seen is still seen; changes by others are still unseen. */
export function seenAfterEdit({ seen, shown }: ToolContext, path: string, { before, after }: Edit): void {
  if (seen.get(path) === before.etag) seen.set(path, after.etag);
  if (!shown.has(path) || shown.get(path) === "all") return;
  const old = new Set(before.text.split("\n"));
  const added = after.text.split("\n").filter((line) => !old.has(line));
  addLines(shown, path, added);
}

/** A file that was moved unseen is unseen under its new name. */
export function seenAfterMove({ seen, shown }: ToolContext, from: string, to: string, etags: { before: string; after: string }): void {
  const known = seen.get(from);
  seen.delete(from);
  if (known === undefined) seen.delete(to);
  else seen.set(to, known === etags.before ? etags.after : known);
  const lines = shown.get(from);
  shown.delete(from);
  if (lines === undefined) shown.delete(to);
  else shown.set(to, lines);
}

/** Refuses to overwrite changes made since the agent read the file. Files that it never read pass. */
export function refuseStale(context: ToolContext, path: string, etag: string): void {
  const known = context.seen.get(path);
  if (known !== undefined && known !== etag) throw changedSince(context, path);
}

/**
 * Refuses to replace a file that the agent has not read or read only in part, whose text is no longer in the conversation, or that has changed since.
 * `text`: its current one; undefined if it cannot be shown.
 */
export function refuseUnread(context: ToolContext, path: string, etag: string, text: string | undefined): void {
  if (context.seen.get(path) === undefined)
    throw new ToolFailure(`${shownPath(context.root, path)} exists already and you have not read it. Nothing was written.`, {
      file_path: shownPath(context.root, path),
      suggestion: "Read it with read_file and write it again, or edit only a part of it.",
    });
  refuseStale(context, path, etag);
  const shown = context.shown.get(path);
  if (shown && shown !== "all" && (text === undefined || unshownLines(context, path, text.split("\n")).length > 0))
    throw new ToolFailure(`You have read only a part of ${shownPath(context.root, path)}. Nothing was written.`, {
      file_path: shownPath(context.root, path),
      suggestion: "Read the rest with read_file and write it again, or edit only a part of it.",
    });
  if (!shown)
    throw new ToolFailure(`The text of ${shownPath(context.root, path)} is no longer in this conversation. Nothing was written.`, {
      file_path: shownPath(context.root, path),
      suggestion: "Read it again with read_file and write it again, or edit only a part of it.",
    });
}

export function changedSince(context: ToolContext, path: string): ToolFailure {
  const shown = shownPath(context.root, path);
  return new ToolFailure(`${shown} was changed by someone else since you read it. Nothing was written.`, {
    file_path: shown,
    suggestion: "Read it again with read_file, keep what was changed, and then make your change.",
  });
}
