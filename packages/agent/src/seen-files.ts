import { ToolFailure } from "./tool.ts";
import type { SeenFiles, ToolContext } from "./types.ts";
import { shownPath } from "./workspace-path.ts";

/** What one run read and wrote, for callers that keep nothing between runs. */
export const createSeenFiles = (): SeenFiles => new Map<string, string>();

/** The agent's own edit of a file: what it knew before, it knows after; what somebody else changed meanwhile it still has not seen. */
export function seenAfterEdit({ seen }: ToolContext, path: string, etags: { before: string; after: string }): void {
  if (seen.get(path) === etags.before) seen.set(path, etags.after);
}

/** A file that was moved unseen is still unseen under its new name. */
export function seenAfterMove({ seen }: ToolContext, from: string, to: string, etags: { before: string; after: string }): void {
  const known = seen.get(from);
  seen.delete(from);
  if (known === undefined) seen.delete(to);
  else seen.set(to, known === etags.before ? etags.after : known);
}

/** Refuses to destroy what somebody else wrote after the agent looked. A file it never looked at passes here. */
export function refuseStale(context: ToolContext, path: string, etag: string): void {
  const known = context.seen.get(path);
  if (known !== undefined && known !== etag) throw changedSince(context, path);
}

/** Refuses to replace a whole file that the agent never read, or that somebody else changed since. */
export function refuseUnread(context: ToolContext, path: string, etag: string): void {
  if (context.seen.get(path) === undefined)
    throw new ToolFailure(`${shownPath(context.root, path)} exists already and you have not read it. Nothing was written.`, {
      file_path: shownPath(context.root, path),
      suggestion: "Read it with read_file and write it again, or change only a part of it with patch_file.",
    });
  refuseStale(context, path, etag);
}

export function changedSince(context: ToolContext, path: string): ToolFailure {
  const shown = shownPath(context.root, path);
  return new ToolFailure(`${shown} was changed by somebody else since you read it. Nothing was written.`, {
    file_path: shown,
    suggestion: "Read it again with read_file, keep what was changed, and then make your change.",
  });
}
