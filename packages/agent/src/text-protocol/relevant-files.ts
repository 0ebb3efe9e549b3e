import { sawText } from "../seen-files.ts";
import { skippedFolders } from "../skipped-folders.ts";
import { callsOf, textOf, type Message } from "../conversation.ts";
import type { ToolContext } from "../tool.ts";
import type { Workspace } from "../workspace.ts";
import { shownPath } from "../workspace-path.ts";

/** A StreamAgent cannot read files, so it gets this much of them. */
const maxChars = 60_000;
const maxFileBytes = 20_000;
const configs =
  /(^|\/)(package\.json|vite\.config\.\w+|next\.config\.\w+|tailwind\.config\.\w+|tsconfig\.json|index\.html|pyproject\.toml|requirements\.txt)$/;
const entries = /(^|\/)(main|index|app|page|layout)\.(tsx?|jsx?|py|css)$/i;
const unreadable = /(^|\/)(package-lock\.json|pnpm-lock\.yaml|yarn\.lock|\.env[^/]*)$|\.(png|jpe?g|gif|webp|ico|woff2?|ttf|pdf|zip|mp4)$/i;

/** Contents of the files that a message likely refers to: those that it or the last reply names, then main configuration files, then entry points. */
export async function relevantFiles(options: {
  workspace: Workspace;
  root: string;
  message: string;
  conversation: readonly Message[];
  /** Updated with the files shown. */
  context: Pick<ToolContext, "seen" | "shown">;
}): Promise<string> {
  const { workspace, root, message, context } = options;
  // What was said since the person's last message.
  const asked = options.conversation.findLastIndex((one) => one.role === "user" && one.kind === undefined);
  const lastReplyText = options.conversation
    .slice(asked + 1)
    .flatMap((one) => (one.role === "assistant" ? [textOf(one), ...callsOf(one).map((call) => pathOf(call.arguments))] : []))
    .join("\n");
  const files = (await workspace.files.walk({ under: root, skip: skippedFolders })).filter(
    (entry) => !entry.isDirectory && entry.size <= maxFileBytes && !unreadable.test(entry.path),
  );
  const rank = (path: string): number => {
    const shown = shownPath(root, path);
    const name = shown.slice(shown.lastIndexOf("/") + 1);
    const isNamed = (text: string) => text.includes(shown) || (name.length > 4 && text.includes(name));
    return isNamed(message) ? 0 : isNamed(lastReplyText) ? 1 : configs.test(shown) ? 2 : entries.test(shown) ? 3 : 4;
  };
  const wanted = files
    .map((entry) => ({ entry, rank: rank(entry.path) }))
    .filter((one) => one.rank < 4)
    .toSorted((a, b) => a.rank - b.rank);
  const parts: string[] = [];
  let used = 0;
  for (const { entry } of wanted) {
    const { data, entry: shown } = await workspace.files.read(entry.path, { maxBytes: maxFileBytes });
    if (data.includes(0)) continue;
    const part = `File: ${shownPath(root, entry.path)}\n\`\`\`\n${new TextDecoder().decode(data)}\n\`\`\``;
    if (used + part.length > maxChars) continue;
    parts.push(part);
    sawText(context, entry.path, shown.etag);
    used += part.length;
  }
  return parts.join("\n\n");
}

function pathOf(call: string): string {
  try {
    const { file_path } = JSON.parse(call) as { file_path?: unknown };
    return typeof file_path === "string" ? file_path : "";
  } catch {
    return "";
  }
}
