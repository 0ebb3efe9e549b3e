import { Type } from "typebox";
import { skippedFolders } from "../skipped-folders.ts";
import { defineTool, done, failed, ToolFailure } from "../tool.ts";
import { resolvePath } from "../workspace-path.ts";
import { reads } from "./gates.ts";

const maxEntries = 300;

export const listDir = defineTool({
  name: "list_dir",
  category: "file_operations",
  description: "List a folder.",
  parameters: Type.Object({
    path: Type.Optional(Type.String()),
    depth: Type.Optional(Type.Integer({ minimum: 1, maximum: 5, description: "Default 1" })),
  }),
  gate: reads,
  async run({ path: given = ".", depth = 1 }, context) {
    const path = resolvePath(context.root, given);
    if (path !== ".") {
      const entry = await context.workspace.files.stat(path);
      if (!entry) return failed(`${given} does not exist.`, { path: given, exists: false });
      if (!entry.isDirectory) throw new ToolFailure(`${given} is a file.`, { suggestion: "Use read_file." });
    }
    const prefix = path === "." ? "" : `${path}/`;
    const all = await context.workspace.files.walk({ under: path, skip: skippedFolders });
    const shown = all
      .map((entry) => ({ ...entry, inner: entry.path.slice(prefix.length) }))
      .filter((entry) => entry.inner !== "" && entry.path.startsWith(prefix) && entry.inner.split("/").length <= depth);
    const lines = shown
      .slice(0, maxEntries)
      .map((entry) => (entry.isDirectory ? `${entry.inner}/` : `${entry.inner} (${entry.size} bytes)`));
    if (shown.length > maxEntries) lines.push(`… ${shown.length - maxEntries} more`);
    return done(`${given}: ${shown.length} ${shown.length === 1 ? "entry" : "entries"}.`, { path: given, content: lines.join("\n") });
  },
});
