import { createPatch, OMIT_HEADERS } from "diff";
import { diffLines, type DiffLine } from "../../../lib/diff-lines.ts";

/** Comparing takes the square of it: texts that differ in more lines are shown as completely replaced. */
const mostChangedLines = 2_000;

/** The changes from `before` to `after`, line by line, with three lines of context. */
export function lineDiff(before: string, after: string): DiffLine[] {
  // With a line break at their ends, a last line without one equals the same line further up.
  const patch = createPatch("", `${before}\n`, `${after}\n`, "", "", {
    context: 3,
    headerOptions: OMIT_HEADERS,
    maxEditLength: mostChangedLines,
  });
  if (patch === undefined) return [...linesAs("del", before), ...linesAs("add", after)];
  return patch.trim() === "" ? [] : diffLines(patch);
}

const linesAs = (kind: "add" | "del", text: string): DiffLine[] =>
  text.split("\n").map((line, index): DiffLine => ({ kind, line: index + 1, text: line }));
