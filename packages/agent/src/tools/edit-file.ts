import { Type } from "typebox";
import { applyEdits, type AppliedEdit, type Edited, type TextEdit } from "../patch/edits.ts";
import type { Replacement } from "../patch/replacement.ts";
import { unshownLines } from "../seen-files.ts";
import { defineTool, done, ToolFailure, type ToolContext } from "../tool.ts";
import { truncateMiddle } from "../truncate.ts";
import { briefDiff } from "../unified-diff.ts";
import { resolveWritablePath, shownPath } from "../workspace-path.ts";
import { mutates } from "./gates.ts";
import { loadText, saveText, type TextFile } from "./text-file.ts";

/** Total characters searched (file size times edits), because the search blocks the event loop. */
const maxSearchedChars = 50_000_000;

export const editFile = defineTool({
  name: "edit_file",
  aliases: [{ name: "patch_file" }, { name: "multi_edit" }],
  category: "file_operations",
  description:
    "Change parts of a file, all or nothing. Each `search` must quote the file and occur in it exactly once: add neighboring lines until it does.",
  parameters: Type.Object({
    file_path: Type.String(),
    edits: Type.Array(Type.Object({ search: Type.String(), replace: Type.String() }), { minItems: 1 }),
  }),
  gate: mutates,
  async run({ file_path, edits }, context) {
    const file = await loadText(context, resolveWritablePath(context.root, file_path));
    if (file.text.length * edits.length > maxSearchedChars)
      throw new ToolFailure(`${edits.length} edits at once are too many for a file of ${file.text.length} characters.`, {
        suggestion: "Make them in parts.",
      });
    const made = applyEdits(file.text, edits);
    if (!made.ok) throw replacementFailure(file_path, made.found, edits.length === 1 ? "" : `Edit ${made.index + 1} of ${edits.length}: `);
    const { text, applied } = made;
    refuseUnreadLines(context, file, made, edits);
    const { sizeBytes, shown } = await saveText(context, file, text);
    const fields = {
      file_path,
      diff: briefDiff(file.text, text),
      ...shown,
      details: {
        edit_count: edits.length,
        applied_edits: applied.map(({ index, line, method }) => ({ index, line, match_method: method })),
        size_bytes: sizeBytes,
      },
    };
    if (text === file.text) return done(`${file_path}: it already has this text; nothing changed.`, fields);
    return done(`${changeSummary(file_path, applied)}${similarityNote(applied)}`, fields);
  },
});

/**
 * Of a file that was read in part, a quotation that is only similar may not change lines that were not read. The others are known: they were read, or
 * an edit quotes them.
 */
function refuseUnreadLines(
  context: ToolContext,
  { path, text: before }: TextFile,
  { text, applied }: Extract<Edited, { ok: true }>,
  edits: readonly TextEdit[],
): void {
  if (!context.shown.has(path) || applied.every(({ similarity }) => similarity === 1)) return;
  const known = new Set([text, ...edits.map(({ search }) => search)].flatMap((one) => one.split("\n")).map(withoutSpacing));
  const lines = before.split("\n");
  const changed = lines.filter((line) => !known.has(withoutSpacing(line)));
  const [unread] = unshownLines(context, path, changed);
  if (unread === undefined) return;
  const from = Math.max(0, lines.findIndex((line) => line.trimEnd() === unread) - 5);
  const shown = shownPath(context.root, path);
  throw new ToolFailure(`The most similar place has lines of ${shown} that you have not read. Nothing was changed.`, {
    file_path: shown,
    suggestion: "Read the place again and quote it as it is, with whole lines.",
    content: `From line ${from + 1}:\n${truncateMiddle(lines.slice(from, from + 20).join("\n"), 1_000)}`,
    details: { doubt: "unread" },
  });
}
const withoutSpacing = (line: string): string => line.replaceAll(/\s+/g, " ").trim();

function changeSummary(filePath: string, applied: readonly AppliedEdit[]): string {
  const lines = applied.map(({ line }) => line);
  return lines.length === 1 ? `Changed ${filePath} at line ${lines[0]}.` : `Made ${lines.length} edits in ${filePath}.`;
}

/** Names the edits whose `search` was only similar to the file. */
function similarityNote(applied: readonly AppliedEdit[]): string {
  const similar = applied.filter(({ method }) => method === "fuzzy");
  if (similar.length === 0) return "";
  const places = similar.map(({ line, similarity }) => `line ${line} (${Math.round(similarity * 100)} %)`).join(", ");
  return ` The quotation was only similar at ${places}: check the diff.`;
}

const doubtTexts: Record<Extract<Replacement, { reason: "doubtful" }>["doubt"], string> = {
  stale: "The most similar place differs from search in words that matter: the file has changed, or another place is meant.",
  indentation: "The indentation in search is not the file's, so that of the new lines is unknown.",
  blank_lines: "Blank lines that search does not have stand right where the change is.",
  inside_word: "search begins or ends in the middle of a word of the file.",
  elision: 'replace has a line like "..." that stands for code left out. Write the code.',
  line_numbers: "search has line numbers before its lines, and only some lines of replace have them. Quote without line numbers.",
};

function replacementFailure(filePath: string, found: Extract<Replacement, { ok: false }>, prefix: string): ToolFailure {
  switch (found.reason) {
    case "empty_search":
      return new ToolFailure(`${prefix}search is empty.`, { file_path: filePath });
    case "ambiguous":
      return new ToolFailure(
        `${prefix}search occurs ${found.lines.length} times in ${filePath}, at lines ${found.lines.slice(0, 20).join(", ")}. Nothing was changed.`,
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
