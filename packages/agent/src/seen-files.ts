import { ToolFailure } from "./tool.ts";
import { callsOf, type ModelMessage, type ToolCallPart } from "./conversation.ts";
import type { SeenFiles, ToolContext } from "./types.ts";
import { resolvePath, shownPath } from "./workspace-path.ts";

/** For callers that store nothing between runs. */
export const createSeenFiles = (): SeenFiles => new Map<string, string>();

/** The agent read the file or wrote it whole, so its text is in the conversation. */
export function sawText({ seen, inConversation }: Pick<ToolContext, "seen" | "inConversation">, path: string, etag: string): void {
  seen.set(path, etag);
  inConversation.add(path);
}

export function sawDeletion({ seen, inConversation }: ToolContext, path: string): void {
  seen.delete(path);
  inConversation.delete(path);
}

/** Files whose text is in these messages: read or written whole. */
export function filesIn(messages: readonly ModelMessage[], root: string): Set<string> {
  const calls = new Map<string, ToolCallPart>();
  const paths = new Set<string>();
  for (const message of messages) {
    if (message.role === "assistant") for (const call of callsOf(message)) calls.set(call.id, call);
    if (message.role !== "tool") continue;
    for (const result of message.parts) {
      if (result.is_error) continue;
      const path = pathOf(calls.get(result.call_id), root);
      if (path !== undefined) paths.add(path);
    }
  }
  return paths;
}

function pathOf(call: ToolCallPart | undefined, root: string): string | undefined {
  if (call?.name !== "read_file" && call?.name !== "write_file") return undefined;
  try {
    const { file_path } = JSON.parse(call.arguments) as { file_path?: unknown };
    return typeof file_path === "string" ? resolvePath(root, file_path) : undefined;
  } catch {
    return undefined;
  }
}

/** After the agent's own edit: a file that it had seen is still seen; changes by others are still unseen. */
export function seenAfterEdit({ seen }: ToolContext, path: string, etags: { before: string; after: string }): void {
  if (seen.get(path) === etags.before) seen.set(path, etags.after);
}

/** A file that was moved unseen is unseen under its new name. */
export function seenAfterMove(
  { seen, inConversation }: ToolContext,
  from: string,
  to: string,
  etags: { before: string; after: string },
): void {
  const known = seen.get(from);
  seen.delete(from);
  if (known === undefined) seen.delete(to);
  else seen.set(to, known === etags.before ? etags.after : known);
  if (inConversation.delete(from)) inConversation.add(to);
  else inConversation.delete(to);
}

/** Refuses to overwrite changes made since the agent read the file. Files that it never read pass. */
export function refuseStale(context: ToolContext, path: string, etag: string): void {
  const known = context.seen.get(path);
  if (known !== undefined && known !== etag) throw changedSince(context, path);
}

/** Refuses to replace a file that the agent has not read, whose text is no longer in the conversation, or that has changed since. */
export function refuseUnread(context: ToolContext, path: string, etag: string): void {
  if (context.seen.get(path) === undefined)
    throw new ToolFailure(`${shownPath(context.root, path)} exists already and you have not read it. Nothing was written.`, {
      file_path: shownPath(context.root, path),
      suggestion: "Read it with read_file and write it again, or edit only a part of it.",
    });
  refuseStale(context, path, etag);
  if (!context.inConversation.has(path))
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
