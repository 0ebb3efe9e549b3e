import { Type } from "typebox";
import { replaceOnce, type Replacement } from "../patch/match.ts";
import { defineTool, done, ToolFailure } from "../tool.ts";
import { truncateMiddle } from "../truncate.ts";
import { briefDiff } from "../unified-diff.ts";
import { resolveWritablePath } from "../workspace-path.ts";
import { mutates } from "./gates.ts";
import { loadText, saveText } from "./text-file.ts";

export const patchFile = defineTool({
  name: "patch_file",
  category: "file_operations",
  description:
    "Replace one piece of a file. `search` must quote the file and stand there exactly once: add neighbouring lines until it does.",
  parameters: Type.Object({ file_path: Type.String(), search: Type.String(), replace: Type.String() }),
  gate: mutates,
  async run({ file_path, search, replace }, context) {
    const file = await loadText(context, resolveWritablePath(context.root, file_path));
    const found = replaceOnce(file.text, search, replace);
    if (!found.ok) throw replacementFailure(file_path, found);
    const { sizeBytes, shown } = await saveText(context, file, found.text);
    const details = { match_method: found.method, size_bytes: sizeBytes };
    if (found.text === file.text)
      return done(`${file_path}: it stands there like this already; nothing changed.`, { file_path, diff: "", ...shown, details });
    return done(
      `Changed ${file_path} at line ${found.line}${found.method === "fuzzy" ? ` (${Math.round(found.similarity * 100)} % similar: check the diff)` : ""}.`,
      {
        file_path,
        diff: briefDiff(file.text, found.text),
        ...shown,
        details,
      },
    );
  },
});

const doubtTexts: Record<Extract<Replacement, { reason: "doubtful" }>["doubt"], string> = {
  stale: "The most similar place differs from search in words that matter: the file has changed, or another place is meant.",
  indentation: "The indentation in search is not the file's, and that of the new lines cannot be told from it.",
  blank_lines: "Blank lines that search does not have stand right where the change is.",
  inside_word: "search begins or ends in the middle of a word of the file.",
  elision: 'replace has a line like "..." that stands for code left out. Write the code.',
  line_numbers: "search has line numbers before its lines, and only some lines of replace have them. Quote without line numbers.",
};

export function replacementFailure(filePath: string, found: Extract<Replacement, { ok: false }>, prefix = ""): ToolFailure {
  switch (found.reason) {
    case "empty_search":
      return new ToolFailure(`${prefix}search is empty.`, { file_path: filePath });
    case "ambiguous":
      return new ToolFailure(
        `${prefix}search stands ${found.lines.length} times in ${filePath}, at lines ${found.lines.slice(0, 20).join(", ")}. Nothing was changed.`,
        {
          file_path: filePath,
          suggestion: "Quote more of the lines around the place you mean.",
          details: { match_method: found.method, lines: found.lines.slice(0, 20) },
        },
      );
    case "doubtful":
      return new ToolFailure(`${prefix}${doubtTexts[found.doubt]} Nothing was changed.`, {
        file_path: filePath,
        suggestion: "Read the place again and quote it as it is, with whole lines.",
        ...(found.text === undefined ? {} : { content: `From line ${found.line}:\n${truncateMiddle(found.text, 1_000)}` }),
        details: { doubt: found.doubt },
      });
    case "not_found":
      return new ToolFailure(`${prefix}search was not found in ${filePath}. Nothing was changed.`, {
        file_path: filePath,
        suggestion: "Read the file again and quote it as it is.",
        ...(found.nearest && found.nearest.similarity >= 0.5
          ? { content: `Most similar, from line ${found.nearest.line}:\n${truncateMiddle(found.nearest.text, 1_000)}` }
          : {}),
      });
  }
}
