import { createHash } from "node:crypto";

/** A hunk of a unified diff, with its position in both texts. */
export interface ParsedHunk {
  /** Derived from the file's path, the hunk's position and its lines. */
  id: string;
  /** Of the hunk of the diff that it is a part of; its own id if it is all of it. */
  whole_id: string;
  old_start: number;
  old_lines: number;
  new_start: number;
  new_lines: number;
  section: string;
  /** With their signs. */
  lines: string[];
  /** Changed line ranges without context, from 0, end excluded. */
  cores: { before: LineRange; after: LineRange }[];
}
export interface LineRange {
  start: number;
  end: number;
}

const headRule = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/;

/** Parses a git patch from its first `@@` on. Ignores everything that is not a hunk. */
export function parseHunks(path: string, patch: string): ParsedHunk[] {
  const hunks: ParsedHunk[] = [];
  let lines: string[] | undefined;
  const all = patch.split("\n");
  if (all.at(-1) === "") all.pop();
  for (const line of all) {
    const head = headRule.exec(line);
    if (head) {
      lines = [];
      const [old_start, old_lines, new_start, new_lines] = [head[1], head[2] ?? "1", head[3], head[4] ?? "1"].map(Number) as [
        number,
        number,
        number,
        number,
      ];
      hunks.push({ id: "", whole_id: "", old_start, old_lines, new_start, new_lines, section: head[5] ?? "", lines, cores: [] });
    } else lines?.push(line);
  }
  for (const hunk of hunks) {
    hunk.id = idOf(path, hunk);
    hunk.whole_id = hunk.id;
    hunk.cores = coresOf(hunk);
  }
  return hunks;
}

const idOf = (path: string, { old_start, new_start, lines }: Pick<ParsedHunk, "old_start" | "new_start" | "lines">): string =>
  createHash("sha256")
    .update([path, old_start, new_start, ...lines].join("\n"))
    .digest("hex")
    .slice(0, 16);

/** A block of lines that were only added or only removed is split at blank lines if it is longer than this, into parts of at least `minPart`. */
const maxBlock = 24;
const minPart = 8;

/** Splits a hunk into one for each edit; the unchanged lines between two edits are divided. Large blocks are split as well. */
export function splitHunk(path: string, hunk: ParsedHunk): ParsedHunk[] {
  const cuts = cutsOf(hunk.lines);
  if (cuts.length === 0) return [hunk];
  const parts: ParsedHunk[] = [];
  let old = hunk.old_lines === 0 ? hunk.old_start + 1 : hunk.old_start;
  let now = hunk.new_lines === 0 ? hunk.new_start + 1 : hunk.new_start;
  [0, ...cuts].forEach((from, index) => {
    const lines = hunk.lines.slice(from, cuts[index] ?? hunk.lines.length);
    const old_lines = lines.filter((line) => line.startsWith(" ") || line.startsWith("-")).length;
    const new_lines = lines.filter((line) => line.startsWith(" ") || line.startsWith("+")).length;
    // For an empty side the format names the line before it.
    const place = { old_start: old_lines === 0 ? old - 1 : old, new_start: new_lines === 0 ? now - 1 : now };
    const part: ParsedHunk = { ...hunk, ...place, id: idOf(path, { ...place, lines }), old_lines, new_lines, lines, cores: [] };
    part.cores = coresOf(part);
    parts.push(part);
    old += old_lines;
    now += new_lines;
  });
  return parts;
}

/** Indexes of the lines with which a new part begins. */
function cutsOf(lines: readonly string[]): number[] {
  const cuts: number[] = [];
  const isChanged = (line: string | undefined) => line?.startsWith("-") === true || line?.startsWith("+") === true;
  const isNote = (line: string | undefined) => line?.startsWith("\\") === true;
  /** The end of the edit before. */
  let lastEnd: number | undefined;
  for (let at = 0; at < lines.length; at++) {
    if (!isChanged(lines[at])) continue;
    if (lastEnd !== undefined) cuts.push(lastEnd + Math.ceil((at - lastEnd) / 2));
    let end = at;
    while (isChanged(lines[end]) || isNote(lines[end])) end++;
    cuts.push(...cutsOfBlock(lines, at, end));
    lastEnd = end;
    at = end - 1;
  }
  return cuts;
}
function cutsOfBlock(lines: readonly string[], from: number, to: number): number[] {
  const sign = lines[from]?.charAt(0);
  if (to - from <= maxBlock || lines.slice(from, to).some((line) => line.charAt(0) !== sign)) return [];
  const cuts: number[] = [];
  let start = from;
  for (let at = from + 1; at < to; at++)
    if (lines[at - 1]?.slice(1).trim() === "" && lines[at]?.slice(1).trim() !== "" && at - start >= minPart && to - at >= minPart)
      cuts.push((start = at));
  return cuts;
}

/** The ids of the hunks that are selected by their own id or that of the whole. */
export const selectedHunks = (hunks: readonly Pick<ParsedHunk, "id" | "whole_id">[], ids: Iterable<string>): Set<string> => {
  const given = new Set(ids);
  return new Set(hunks.filter((hunk) => given.has(hunk.id) || given.has(hunk.whole_id)).map(({ id }) => id));
};

function coresOf(hunk: ParsedHunk): ParsedHunk["cores"] {
  const cores: ParsedHunk["cores"] = [];
  // For an empty side the format names the line before it.
  let before = hunk.old_lines === 0 ? hunk.old_start : hunk.old_start - 1;
  let after = hunk.new_lines === 0 ? hunk.new_start : hunk.new_start - 1;
  let open: ParsedHunk["cores"][number] | undefined;
  for (const line of hunk.lines) {
    const sign = line.charAt(0);
    if (sign === "\\") continue;
    if (sign === "-" || sign === "+") {
      if (!open) cores.push((open = { before: { start: before, end: before }, after: { start: after, end: after } }));
      if (sign === "-") open.before.end = ++before;
      else open.after.end = ++after;
    } else {
      open = undefined;
      before++;
      after++;
    }
  }
  return cores;
}
