import { setImmediate as nextTurn } from "node:timers/promises";
import { Type } from "typebox";
import { globPattern } from "../glob-pattern.ts";
import { skippedFolders } from "../skipped-folders.ts";
import { defineTool, done } from "../tool.ts";
import { resolvePath } from "../workspace-path.ts";
import { reads } from "./gates.ts";

const maxFiles = 200;
/** Yields to other work after this time. */
const busyMs = 10;

export const glob = defineTool({
  name: "glob",
  category: "file_operations",
  description: "Find files by name, newest first. A pattern without a slash matches in every folder.",
  parameters: Type.Object({
    pattern: Type.String({ maxLength: 500, description: "e.g. src/**/*.tsx" }),
    path: Type.Optional(Type.String()),
  }),
  gate: reads,
  async run({ pattern, path: given = "." }, context) {
    const path = resolvePath(context.root, given);
    const prefix = path === "." ? "" : `${path}/`;
    const wanted = pattern.replace(/^\.?\//, "");
    const full = wanted.includes("/") ? wanted : `**/${wanted}`;
    // Folders that the pattern names are not skipped.
    const skip = new Set([...skippedFolders].filter((name) => !wanted.split("/").includes(name)));
    const entries = await context.workspace.files.walk({ under: path, skip });
    const fits = globPattern(full);
    const matching: typeof entries = [];
    let since = performance.now();
    for (const entry of entries) {
      if (!entry.isDirectory && entry.path.startsWith(prefix) && fits(entry.path.slice(prefix.length))) matching.push(entry);
      if (performance.now() - since < busyMs) continue;
      await nextTurn(undefined, { signal: context.signal });
      since = performance.now();
    }
    const found = matching.toSorted((a, b) => b.mtimeMs - a.mtimeMs).map((entry) => entry.path.slice(prefix.length));
    const lines = found.slice(0, maxFiles);
    if (found.length > maxFiles) lines.push(`… ${found.length - maxFiles} more`);
    return done(
      `${found.length} ${found.length === 1 ? "file" : "files"} ${given === "." ? "" : `in ${given} `}${found.length === 1 ? "matches" : "match"} ${pattern}.`,
      { content: lines.join("\n") },
    );
  },
});
