import { diffArrays } from "diff";
import type { LineRange, ParsedHunk } from "./hunks.ts";

/** Edit distance in lines beyond which a person's changes are not located. */
const maxEditLength = 4_000;

/** Lines with their line ends; the last one has none when the text does not end in one. */
export const splitLines = (text: string): string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

/** The run's text with some hunks reverted. */
export function textWithout(
  texts: { before: string[]; after: string[] },
  hunks: readonly ParsedHunk[],
  rejected: ReadonlySet<string>,
): string[] {
  const lines: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    if (!rejected.has(hunk.id)) continue;
    for (const { before, after } of hunk.cores) {
      lines.push(...texts.after.slice(at, after.start), ...texts.before.slice(before.start, before.end));
      at = after.end;
    }
  }
  return [...lines, ...texts.after.slice(at)];
}

/** A hunk to revert or reapply, at its current position. */
interface Move {
  id: string;
  cores: { at: LineRange; lines: string[] }[];
}

/** Moves for hunks that are in one of the two sets only: positions in the text made with `from`, and the lines that `to` wants there. */
export function movesBetween(
  texts: { before: string[]; after: string[] },
  hunks: readonly ParsedHunk[],
  { from, to }: { from: ReadonlySet<string>; to: ReadonlySet<string> },
): Move[] {
  const moves: Move[] = [];
  let shift = 0;
  for (const hunk of hunks) {
    const wasRejected = from.has(hunk.id);
    const cores = hunk.cores.map(({ before, after }) => {
      const now = wasRejected ? before : after;
      const start = after.start + shift;
      const at = { start, end: start + (now.end - now.start) };
      if (wasRejected) shift += before.end - before.start - (after.end - after.start);
      return { at, lines: wasRejected ? texts.after.slice(after.start, after.end) : texts.before.slice(before.start, before.end) };
    });
    if (wasRejected !== to.has(hunk.id)) moves.push({ id: hunk.id, cores });
  }
  return moves;
}

/**
 * Applies moves to a text that was edited since. Edits elsewhere are kept; a hunk that an edit overlaps or touches is a conflict, unless
 * the edit made the same change. No fuzzy matching.
 */
export function carryOver(
  base: string[],
  current: string[],
  moves: readonly Move[],
): { ok: true; lines: string[] } | { ok: false; conflicts: string[] } {
  const edits = editsBetween(base, current);
  if (!edits) return { ok: false, conflicts: moves.map((move) => move.id) };
  const conflicts = new Set<string>();
  const replacements: { at: LineRange; lines: string[] }[] = [];
  for (const { id, cores } of moves)
    for (const { at, lines } of cores) {
      const overlapping = overlappingOf(edits, at);
      const shift = edits.reduce(
        (sum, edit) => (edit.base.end < at.start ? sum + edit.now.end - edit.now.start - (edit.base.end - edit.base.start) : sum),
        0,
      );
      if (overlapping.length === 0) replacements.push({ at: { start: at.start + shift, end: at.end + shift }, lines });
      else if (!isDone(base, current, overlapping, { at, lines })) conflicts.add(id);
    }
  if (conflicts.size > 0) return { ok: false, conflicts: [...conflicts] };
  const result: string[] = [];
  let at = 0;
  for (const { at: range, lines } of replacements) {
    result.push(...current.slice(at, range.start), ...lines);
    at = range.end;
  }
  return { ok: true, lines: [...result, ...current.slice(at)] };
}

/** Ids of the moves that the text, edited since, already has in full. */
export function movesDone(base: string[], current: string[], moves: readonly Move[]): Set<string> {
  const edits = editsBetween(base, current);
  const done = edits ? moves.filter(({ cores }) => cores.every((core) => isDone(base, current, overlappingOf(edits, core.at), core))) : [];
  return new Set(done.map(({ id }) => id));
}
const overlappingOf = (edits: readonly Edit[], at: LineRange): Edit[] =>
  edits.filter((edit) => edit.base.start <= at.end && edit.base.end >= at.start);

interface Edit {
  base: LineRange;
  now: LineRange;
}

/** The edits in and around a range already produced the wanted lines. */
function isDone(
  base: string[],
  current: string[],
  overlapping: readonly Edit[],
  { at, lines }: { at: LineRange; lines: string[] },
): boolean {
  const [first, last] = [overlapping[0], overlapping.at(-1)];
  if (!first || !last) return false;
  const start = Math.min(first.base.start, at.start);
  const end = Math.max(last.base.end, at.end);
  const wanted = [...base.slice(start, at.start), ...lines, ...base.slice(at.end, end)];
  const now = current.slice(first.now.start - (first.base.start - start), last.now.end + (end - last.base.end));
  return now.length === wanted.length && now.every((line, i) => line === wanted[i]);
}

function editsBetween(base: string[], current: string[]): Edit[] | undefined {
  const parts = diffArrays(base, current, { maxEditLength });
  if (!parts) return undefined;
  const edits: Edit[] = [];
  let at = 0;
  let now = 0;
  let open: Edit | undefined;
  for (const { added, removed, value } of parts) {
    if (!added && !removed) {
      open = undefined;
      at += value.length;
      now += value.length;
      continue;
    }
    if (!open) edits.push((open = { base: { start: at, end: at }, now: { start: now, end: now } }));
    if (removed) open.base.end = at += value.length;
    else open.now.end = now += value.length;
  }
  return edits;
}
