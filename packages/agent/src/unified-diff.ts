import { structuredPatch } from "diff";

/** Diffs longer than this are left out of events. */
const maxDiffChars = 40_000;
/** Edit distance in lines at which the search for a minimal diff is given up. */
const maxEditLength = 4_000;

/** A unified diff with `---`/`+++` lines, or undefined when it would be too large to show. `context` = unchanged lines around a change. */
export function unifiedDiff(
  path: string,
  before: string,
  after: string,
  options: { isNew?: boolean; isGone?: boolean; newPath?: string } = {},
): string | undefined {
  const hunks = hunksOf(before, after, 3);
  if (!hunks) return undefined;
  const text =
    [
      `--- ${options.isNew ? "/dev/null" : `a/${path}`}`,
      `+++ ${options.isGone ? "/dev/null" : `b/${options.newPath ?? path}`}`,
      ...hunks,
    ].join("\n") + "\n";
  return text.length > maxDiffChars ? undefined : text;
}

/** The short form for tool results (4.7): two lines of context, ten lines at most. */
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

/** Of an empty side the unified format names the line before it. */
function range(start: number, lines: number): string {
  return `${lines === 0 ? start - 1 : start},${lines}`;
}
