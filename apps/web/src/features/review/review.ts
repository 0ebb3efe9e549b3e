import type { ChangePart, ChangeSet, DiffHunk, ReviewFile } from "@tesslate/contract";
import { diffWordsWithSpace } from "diff";
import { counted } from "../../lib/counted.ts";
import { isGeneratedFile } from "../../lib/generated-files.ts";

/** A part of a line: start and end. */
export type MarkedRange = readonly [number, number];
/** Comparing takes the square of it: lines that differ in more words have no marks. */
const mostChangedWords = 500;

/** A line of a hunk, with its old and new number. */
export interface HunkLine {
  kind: "same" | "add" | "del" | "note";
  old: number | undefined;
  now: number | undefined;
  text: string;
  /** The parts that differ from its counterpart. */
  marks?: readonly MarkedRange[];
}

export function linesOf(hunk: DiffHunk): HunkLine[] {
  let old = hunk.old_lines === 0 ? hunk.old_start + 1 : hunk.old_start;
  let now = hunk.new_lines === 0 ? hunk.new_start + 1 : hunk.new_start;
  const lines = hunk.lines.map((line): HunkLine => {
    const text = line.slice(1);
    if (line.startsWith("+")) return { kind: "add", old: undefined, now: now++, text };
    if (line.startsWith("-")) return { kind: "del", old: old++, now: undefined, text };
    if (line.startsWith("\\")) return { kind: "note", old: undefined, now: undefined, text: text.trim() };
    return { kind: "same", old: old++, now: now++, text };
  });
  return withMarks(lines);
}

/** Marks the differing parts of lines that were replaced one by one. */
function withMarks(lines: readonly HunkLine[]): HunkLine[] {
  const marked = [...lines];
  for (let at = 0; at < lines.length;) {
    if (lines[at]?.kind !== "del") {
      at++;
      continue;
    }
    let dels = at;
    while (lines[dels]?.kind === "del") dels++;
    let adds = dels;
    while (lines[adds]?.kind === "add") adds++;
    if (adds - dels === dels - at)
      for (let i = 0; i < dels - at; i++) {
        const [del, add] = [lines[at + i], lines[dels + i]];
        if (!del || !add) continue;
        const marks = marksOf(del.text, add.text);
        if (!marks) continue;
        marked[at + i] = { ...del, marks: marks.old };
        marked[dels + i] = { ...add, marks: marks.now };
      }
    at = adds;
  }
  return marked;
}

/** The words that differ; `undefined` if the lines have too little in common. */
function marksOf(before: string, after: string): { old: MarkedRange[]; now: MarkedRange[] } | undefined {
  const marks = { old: [] as MarkedRange[], now: [] as MarkedRange[] };
  let [old, now, common] = [0, 0, 0];
  for (const { value, added, removed } of diffWordsWithSpace(before, after, { maxEditLength: mostChangedWords }) ?? []) {
    const { length } = value;
    if (removed) marks.old.push([old, old + length]);
    else if (added) marks.now.push([now, now + length]);
    else common += value.trim().length;
    if (!added) old += length;
    if (!removed) now += length;
  }
  return common < 3 || common * 3 < Math.min(before.trim().length, after.trim().length) ? undefined : marks;
}

/** Range of lines as text: `18`, `18–29`. */
export const spanOf = (start: number, count: number): string => (count <= 1 ? `${start}` : `${start}–${start + count - 1}`);
export const spanOfHunk = (hunk: DiffHunk): string =>
  hunk.new_lines > 0 ? spanOf(hunk.new_start, hunk.new_lines) : spanOf(hunk.old_start, hunk.old_lines);

/** Something to keep or reject: a hunk, or a file without hunks. */
export interface Item {
  /** `path` alone, or `path#hunk`. */
  key: string;
  path: string;
  hunkId: string | undefined;
  isRejected: boolean;
}
export const itemsOf = (file: ReviewFile): Item[] =>
  file.hunks.length === 0
    ? [{ key: file.path, path: file.path, hunkId: undefined, isRejected: file.is_rejected }]
    : file.hunks.map((hunk) => ({ key: `${file.path}#${hunk.id}`, path: file.path, hunkId: hunk.id, isRejected: hunk.is_rejected }));

/** Files that the run changed, generated ones last. Files that only a person changed are left out. */
export function reviewedFiles(set: ChangeSet): ReviewFile[] {
  const files = set.files.filter((file) => file.changed_by !== "person");
  return [...files.filter(({ path }) => !isGeneratedFile(path)), ...files.filter(({ path }) => isGeneratedFile(path))];
}

/** A row of a side-by-side comparison: indexes of lines. Notes are on both sides. */
export interface SplitRow {
  old: number | undefined;
  now: number | undefined;
}
/** Pairs the removed lines of each edit with the added ones, in order. */
export function splitRowsOf(lines: readonly HunkLine[]): SplitRow[] {
  const rows: SplitRow[] = [];
  let dels: number[] = [];
  let adds: number[] = [];
  const flush = () => {
    for (let at = 0; at < Math.max(dels.length, adds.length); at++) rows.push({ old: dels[at], now: adds[at] });
    [dels, adds] = [[], []];
  };
  lines.forEach(({ kind }, index) => {
    if (kind === "del") dels.push(index);
    else if (kind === "add") adds.push(index);
    else {
      flush();
      rows.push({ old: index, now: index });
    }
  });
  flush();
  return rows;
}

/** The change set in which exactly these parts are rejected. */
export function withRejected(
  set: ChangeSet,
  rejected: readonly { path: string; is_whole: boolean; hunks: readonly string[] }[],
): ChangeSet {
  const byPath = new Map(rejected.map((one) => [one.path, one]));
  return {
    ...set,
    files: set.files.map((file) => {
      const one = byPath.get(file.path);
      return {
        ...file,
        is_rejected: one?.is_whole ?? false,
        hunks: file.hunks.map((hunk) => ({ ...hunk, is_rejected: one !== undefined && (one.is_whole || one.hunks.includes(hunk.id)) })),
      };
    }),
  };
}

/** Items in the form of the API: hunks by file, or whole files without hunks. */
export function changePartsOf(items: readonly Item[]): ChangePart[] {
  const parts = new Map<string, ChangePart>();
  for (const { path, hunkId } of items) {
    const part = parts.get(path);
    if (hunkId === undefined) parts.set(path, { path });
    else if (part?.hunks) part.hunks.push(hunkId);
    else parts.set(path, { path, hunks: [hunkId] });
  }
  return [...parts.values()];
}

export interface Tally {
  kept: number;
  rejected: number;
  open: number;
}
export function tallyOf(items: readonly Item[], kept: ReadonlySet<string>): Tally {
  const tally: Tally = { kept: 0, rejected: 0, open: 0 };
  for (const item of items) tally[item.isRejected ? "rejected" : kept.has(item.key) ? "kept" : "open"]++;
  return tally;
}

/** A comment on lines of a file, for the agent. */
export interface Comment {
  id: string;
  path: string;
  /** The item that it belongs to. */
  itemKey: string;
  /** Index of the line above it. */
  line: number;
  /** The lines as text: `lines 19–23`, `deleted line 4`. */
  place: string;
  /** The lines with their signs. */
  quote: string;
  text: string;
}

/** Where a comment on some lines of a hunk points. */
export function lineReference(lines: readonly HunkLine[], from: number, to: number): { place: string; quote: string } {
  const chosen = lines.slice(Math.min(from, to), Math.max(from, to) + 1).filter((line) => line.kind !== "note");
  const numbers = chosen.flatMap((line) => line.now ?? []);
  const isOld = numbers.length === 0;
  const all = isOld ? chosen.flatMap((line) => line.old ?? []) : numbers;
  const [first, last] = [all[0] ?? 0, all.at(-1) ?? 0];
  const signs = { same: " ", add: "+", del: "-", note: " " } as const;
  return {
    place: isOld
      ? first === last
        ? `deleted line ${first}`
        : `deleted lines ${first}–${last}`
      : first === last
        ? `line ${first}`
        : `lines ${first}–${last}`,
    quote: chosen.map((line) => `${signs[line.kind]}${line.text}`).join("\n"),
  };
}

/** A code fence longer than any in the text. */
const fenceFor = (text: string): string => "`".repeat(Math.max(3, ...(text.match(/`+/g) ?? []).map((run) => run.length + 1)));
const maxQuoteLines = 30;

/** All comments as one message. */
export function messageOf(comments: readonly Comment[]): string {
  const parts = comments.map(({ path, place, quote, text }) => {
    const lines = quote.split("\n");
    const shown = lines.length > maxQuoteLines ? [...lines.slice(0, maxQuoteLines), `… ${lines.length - maxQuoteLines} more lines`] : lines;
    const fence = fenceFor(quote);
    return `${path}, ${place}:\n${fence}diff\n${shown.join("\n")}\n${fence}\n${text.trim()}`;
  });
  return [`I reviewed your changes and have ${counted(comments.length, "comment")}:`, ...parts].join("\n\n");
}
