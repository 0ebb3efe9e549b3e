import { Type } from "typebox";
import { skippedFolders } from "../skipped-folders.ts";
import { defineTool, done, ToolFailure } from "../tool.ts";
import { reads } from "../tools/gates.ts";
import type { WorkspaceFiles } from "../workspace.ts";
import { resolvePath, shownPath } from "../workspace-path.ts";
import { declarationsOf, grammarOf, type Declaration } from "./symbols.ts";

const maxChars = 9_000;
const maxFiles = 600;
const maxFileBytes = 300_000;
const generated = /(^|\/)(dist|build|out|coverage|vendor|third_party)\/|\.min\.|\.d\.ts$|\.(test|spec)\.\w+$/;

/** With fewer source files, listing and reading is quicker than a map. */
export const worthMapping = 40;

export const isSource = (path: string): boolean => grammarOf(path) !== undefined && !generated.test(path);

/** The number of files in the map. */
export async function countSources(files: WorkspaceFiles, under: string): Promise<number> {
  return (await files.walk({ under, skip: skippedFolders })).filter((entry) => !entry.isDirectory && isSource(entry.path)).length;
}

/** Not in `allTools`, so that only large projects pay for its description. */
export const repoMap = defineTool({
  name: "repo_map",
  category: "file_operations",
  description: "What the source files declare: functions, classes and types with their lines.",
  parameters: Type.Object({ path: Type.Optional(Type.String({ description: "Folder or file" })) }),
  gate: reads,
  async run({ path = "." }, context) {
    const under = resolvePath(context.root, path);
    const { files } = context.workspace;
    const entry = under === "." ? undefined : await files.stat(under);
    if (under !== "." && !entry) throw new ToolFailure(`${path} does not exist.`);
    const found = entry && !entry.isDirectory ? [entry] : await files.walk({ under, skip: skippedFolders });
    const entries = found.filter((entry) => !entry.isDirectory && entry.size <= maxFileBytes && isSource(entry.path));
    const sources = entries.slice(0, maxFiles);
    const mapped: { path: string; declarations: Declaration[] }[] = [];
    for (const entry of sources) {
      if (context.signal.aborted) break;
      const { data } = await context.workspace.files.read(entry.path, { maxBytes: maxFileBytes });
      const declarations = await declarationsOf(grammarOf(entry.path)!, new TextDecoder().decode(data));
      if (declarations.length > 0) mapped.push({ path: shownPath(context.root, entry.path), declarations });
    }
    if (mapped.length === 0) return done(`There are no declarations to map in ${path}.`);
    const content = fitted(mapped);
    const left = entries.length - sources.length;
    return done(`${mapped.length} files of ${path}.${left > 0 ? ` ${left} more are not shown: ask for a folder.` : ""}`, { content });
  },
});

/** Each file in as much detail as the space allows: all symbols, names only, or the path. */
function fitted(files: readonly { path: string; declarations: Declaration[] }[]): string {
  const levels = [
    (file: (typeof files)[number]) =>
      [
        file.path,
        ...file.declarations.map(
          (one) => `  ${one.line} ${one.signature}${one.members.length > 0 ? ` { ${one.members.join(", ")} }` : ""}`,
        ),
      ].join("\n"),
    (file: (typeof files)[number]) =>
      [file.path, ...file.declarations.map((one) => `  ${one.line} ${one.signature.slice(0, 70)}`)].join("\n"),
    (file: (typeof files)[number]) => `${file.path}: ${file.declarations.map((one) => nameOf(one.signature)).join(", ")}`,
    (file: (typeof files)[number]) => file.path,
  ];
  for (const level of levels) {
    const text = files.map(level).join("\n");
    if (text.length <= maxChars) return text;
  }
  const text = files.map((file) => file.path).join("\n");
  return `${text.slice(0, text.lastIndexOf("\n", maxChars))}\n(more files; ask for a folder)`;
}

/** The last identifier before brackets, types and values. */
const nameOf = (signature: string): string =>
  /([\w$]+)\s*(?=[<(:=]|$)/.exec(signature.replace(/\s(extends|implements)\s.*$/, ""))?.[1] ?? signature.slice(0, 30);
