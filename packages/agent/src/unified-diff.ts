import { structuredPatch } from "diff";

/** Longer diffs are omitted from events. */
const maxDiffChars = 40_000;
/** Maximum edit distance in lines of a minimal diff. */
const maxEditLength = 4_000;

export interface TextChange {
  /** Unified, with `---`/`+++` lines; undefined when it would be too large to show. */
  diff: string | undefined;
  /** Lines. */
  additions: number;
  deletions: number;
}

/** Texts that differ too much count as all deleted and all added. */
export function describeChange(
  path: string,
  before: string,
  after: string,
  options: { isNew?: boolean; isDeleted?: boolean; newPath?: string } = {},
): TextChange {
  const hunks = hunksOf(before, after, 3);
  if (!hunks) return { diff: undefined, additions: lineCount(after), deletions: lineCount(before) };
  const text =
    [
      `--- ${options.isNew ? "/dev/null" : `a/${path}`}`,
      `+++ ${options.isDeleted ? "/dev/null" : `b/${options.newPath ?? path}`}`,
      ...hunks,
    ].join("\n") + "\n";
  const marked = (mark: string) => hunks.filter((line) => line.startsWith(mark)).length;
  return { diff: text.length > maxDiffChars ? undefined : text, additions: marked("+"), deletions: marked("-") };
}
const lineCount = (text: string) => (text === "" ? 0 : text.replace(/\n$/, "").split("\n").length);

/** The diff in a tool's result; absent for empty files. */
export const shownChange = ({ additions, deletions }: Pick<TextChange, "additions" | "deletions">) =>
  additions + deletions === 0 ? {} : { change: { additions, deletions } };
/** For a call that changed nothing. */
export const noChange = { change: { additions: 0, deletions: 0 } };

/** The preview in tool results: two lines of context, at most ten lines. */
export function briefDiff(before: string, after: string): string {
  const lines = hunksOf(before, after, 2);
  if (!lines) return "(a large change)";
  return lines.length <= 10 ? lines.join("\n") : [...lines.slice(0, 9), `… ${lines.length - 9} more lines`].join("\n");
}

function hunksOf(before: string, after: string, context: number): string[] | undefined {
  const patch = structuredPatch("a", "b", before, after, undefined, undefined, { context, maxEditLength });
  return patch?.hunks.flatMap((hunk) => [
    `@@ -${range(hunk.oldStart, hunk.oldLines)} +${range(hunk.newStart, hunk.newLines)} @@`,
    ...hunk.lines,
  ]);
}

/** For an empty side, the unified format has the line before it. */
function range(start: number, lines: number): string {
  return `${lines === 0 ? start - 1 : start},${lines}`;
}
