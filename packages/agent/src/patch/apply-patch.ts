/**
 * The `*** Begin Patch` format: a parser, and a planner that computes the new files. Pure; a patch that cannot be planned as a whole is not applied.
 */
import { indentUnit, mergeEdit, plainPunctuation, withoutForeignTabs, type Doubt } from "./merge.ts";
import { windows } from "./match.ts";
import { hasNewElision } from "./quotation.ts";

/** Chunks per file, because each search scans the whole file and blocks the event loop. */
const maxChunks = 1_000;
const maxComparisons = 50_000_000;

export type PatchOperation =
  | { kind: "add"; path: string; text: string }
  | { kind: "delete"; path: string }
  | { kind: "update"; path: string; moveTo?: string; chunks: PatchChunk[] };

export interface PatchChunk {
  /** The text after `@@`: a line to find first. */
  context?: string;
  /** It followed the line numbers of a unified diff, where it may be part of a line. */
  isRemark?: boolean;
  before: string[];
  after: string[];
  isEndOfFile: boolean;
}

/** A message for the model; `line` is the line in the patch. */
export class PatchError extends Error {
  override readonly name = "PatchError";
}

const begin = "*** Begin Patch";
const end = "*** End Patch";
const fileMarkers = ["*** Add File: ", "*** Delete File: ", "*** Update File: "];

export function parsePatch(patch: string): PatchOperation[] {
  const lines = unwrap(unwrap(patch.replaceAll("\r\n", "\n").trim().split("\n")));
  if (lines[0]?.trim() !== begin) throw new PatchError(`The patch must start with "${begin}".`);
  if (lines[lines.length - 1]?.trim() !== end) throw new PatchError(`The patch must end with "${end}".`);
  const body = lines.slice(1, -1);
  const operations: PatchOperation[] = [];
  let at = 0;
  while (at < body.length) {
    const line = body[at]!;
    const marker = fileMarkers.find((one) => line.startsWith(one));
    if (!marker) {
      if (line.trim() === "") {
        at++;
        continue;
      }
      throw new PatchError(
        `Line ${at + 2}: expected "*** Add File: ", "*** Delete File: " or "*** Update File: ", found "${line.slice(0, 80)}".`,
      );
    }
    const path = line.slice(marker.length).trim();
    if (path === "") throw new PatchError(`Line ${at + 2}: the path is missing.`);
    let next = at + 1;
    while (next < body.length && !fileMarkers.some((one) => body[next]!.startsWith(one))) next++;
    const section = body.slice(at + 1, next);
    operations.push(parseSection(marker, path, section, at + 3));
    at = next;
  }
  if (operations.length === 0) throw new PatchError("The patch names no file.");
  return operations;
}

/** Tolerates `apply_patch <<'EOF' … EOF` and a Markdown fence around the patch. */
function unwrap(lines: string[]): string[] {
  if (/^`{3,}\w*\s*$/.test(lines[0] ?? "") && /^`{3,}\s*$/.test(lines.at(-1)!) && lines.length > 1) return lines.slice(1, -1);
  const first = /<<\s*["']?([A-Za-z_]+)["']?\s*$/.exec(lines[0] ?? "");
  if (first && lines[lines.length - 1]?.trim() === first[1]) return lines.slice(1, -1);
  return lines;
}

function parseSection(marker: string, path: string, section: string[], firstLine: number): PatchOperation {
  if (marker === "*** Delete File: ") {
    if (section.some((line) => line.trim() !== "")) throw new PatchError(`Line ${firstLine}: a deleted file has no lines.`);
    return { kind: "delete", path };
  }
  if (marker === "*** Add File: ") {
    const text: string[] = [];
    for (const [index, line] of section.entries()) {
      if (line.startsWith("+")) text.push(line.slice(1));
      else if (line.trim() !== "" || index < section.length - 1)
        throw new PatchError(`Line ${firstLine + index}: every line of an added file starts with "+".`);
    }
    return { kind: "add", path, text: text.length === 0 ? "" : `${text.join("\n")}\n` };
  }
  return parseUpdate(path, section, firstLine);
}

function parseUpdate(path: string, section: string[], firstLine: number): PatchOperation {
  let moveTo: string | undefined;
  let rest = section;
  let offset = firstLine;
  if (rest[0]?.startsWith("*** Move to: ")) {
    moveTo = rest[0].slice("*** Move to: ".length).trim();
    rest = rest.slice(1);
    offset++;
  }
  // The two lines of a unified diff that name the file.
  if (/^--- \S/.test(rest[0] ?? "") && /^\+\+\+ \S/.test(rest[1] ?? "")) {
    rest = rest.slice(2);
    offset += 2;
  }
  const chunks: PatchChunk[] = [];
  let chunk: PatchChunk | undefined;
  const open = (context?: string, isRemark = false): PatchChunk => {
    const made: PatchChunk = { before: [], after: [], isEndOfFile: false };
    if (context) made.context = context;
    if (context && isRemark) made.isRemark = true;
    chunks.push(made);
    return made;
  };
  for (const [index, line] of rest.entries()) {
    if (line.startsWith("@@")) {
      // `@@ -1,4 +1,4 @@` is from unified diffs: the numbers are ignored, the text after them is used.
      const header = line.slice(2);
      const context = header.replace(/^\s*-\d+(,\d+)? \+\d+(,\d+)? @@/, "");
      chunk = open(context.replace(/@@\s*$/, "").trim(), context !== header);
    } else if (line.trim() === "*** End of File") {
      if (!chunk) throw new PatchError(`Line ${offset + index}: "*** End of File" comes before any change.`);
      chunk.isEndOfFile = true;
      chunk = undefined;
    } else {
      const mark = line[0];
      if (line === "" || mark === " ") {
        if (line === "" && rest.slice(index).every((one) => one === "")) break;
        chunk ??= open();
        chunk.before.push(line.slice(1));
        chunk.after.push(line.slice(1));
      } else if (mark === "-") (chunk ??= open()).before.push(line.slice(1));
      else if (mark === "+") (chunk ??= open()).after.push(line.slice(1));
      else
        throw new PatchError(
          `Line ${offset + index}: a line of an update starts with " ", "-", "+" or "@@", found "${line.slice(0, 80)}".`,
        );
    }
  }
  const filled = chunks.filter((one) => one.before.length > 0 || one.after.length > 0);
  if (filled.length === 0 && moveTo === undefined) throw new PatchError(`The update of ${path} changes nothing.`);
  return { kind: "update", path, ...(moveTo === undefined ? {} : { moveTo }), chunks: filled };
}

/** The new text of a file. Throws {@link PatchError} when a chunk is not found, matches more than one place, or is ambiguous there. */
export function applyChunks(path: string, text: string, chunks: PatchChunk[]): string {
  if (chunks.length > maxChunks || chunks.length * text.length > maxComparisons)
    throw new PatchError(`${path}: ${chunks.length} changes at once are too many for this file; make them in parts.`);
  const { bom, lines, ends, ending } = split(text);
  const unit = indentUnit(text);
  const edits: { at: number; remove: number; insert: string[] }[] = [];
  const found: { chunk: PatchChunk; at: number; place: string[] }[] = [];
  let cursor = 0;
  for (const chunk of chunks) {
    if (hasNewElision(chunk.before.join("\n"), chunk.after.join("\n")))
      throw new PatchError(`${path}: a line like "..." stands for lines that were left out; write them.`);
    const anchors = anchorsOf(path, lines, chunk, cursor);
    if (chunk.before.length === 0) {
      if (anchors && anchors.length > 1)
        throw new PatchError(
          `${path}: the line "${chunk.context}" after @@ is at lines ${listed(anchors)}; quote the lines around the place.`,
        );
      if (anchors) cursor = anchors[0]! + 1;
      edits.push({ at: !anchors || chunk.isEndOfFile ? lines.length : cursor, remove: 0, insert: chunk.after });
      continue;
    }
    const at = placeOf(path, lines, chunk, cursor, anchors);
    found.push({ chunk, at, place: lines.slice(at, at + chunk.before.length) });
    cursor = at + chunk.before.length;
  }
  for (const { chunk, at, place } of found) {
    const others = found.filter((one) => one.chunk !== chunk);
    const beside = { search: others.flatMap((one) => one.chunk.before), place: others.flatMap((one) => one.place) };
    const merged = mergeEdit({ search: chunk.before, replace: chunk.after, place, unit, beside });
    if (!merged.ok)
      throw new PatchError(
        `${path}, line ${at + 1}: ${doubts[merged.doubt]} Read the lines again and quote them as they are:\n${place.slice(0, 4).join("\n")}`,
      );
    edits.push({ at, remove: chunk.before.length, insert: withoutForeignTabs(merged.lines, text) });
  }
  const rows = lines.map((line, index) => ({ line, end: ends[index]! }));
  // From the bottom up, so that positions stay valid; of two insertions at one position the later one first.
  for (const { edit } of edits.map((one, index) => ({ edit: one, index })).toSorted((a, b) => b.edit.at - a.edit.at || b.index - a.index)) {
    const old = new Map(rows.slice(edit.at, edit.at + edit.remove).map(({ line, end }) => [line, end]));
    rows.splice(edit.at, edit.remove, ...edit.insert.map((line) => ({ line, end: old.get(line) ?? ending })));
  }
  return bom + rows.map(({ line, end }) => line + (end === "" ? ending : end)).join("");
}

export const doubts: Record<Doubt, string> = {
  stale: "the new lines use words that stand otherwise in the file.",
  indentation: "the indentation quoted is not the file's, so that of the new lines is unknown.",
  blank_lines: "blank lines that were not quoted stand where the change is.",
};

/** Lines with their line breaks; `ending` is used for new lines. */
function split(text: string): { bom: string; lines: string[]; ends: string[]; ending: string } {
  const bom = text.startsWith("\uFEFF") ? "\uFEFF" : "";
  const parts = text.slice(bom.length).split(/(\r?\n)/);
  const lines = parts.filter((_, index) => index % 2 === 0);
  const ends = parts.filter((_, index) => index % 2 === 1);
  if (lines.at(-1) === "") lines.pop();
  else ends.push("");
  const windows = ends.filter((end) => end === "\r\n").length;
  return { bom, lines, ends, ending: windows * 2 > ends.length || (windows > 0 && windows * 2 === ends.length) ? "\r\n" : "\n" };
}

const listed = (places: number[]): string =>
  places
    .slice(0, 20)
    .map((place) => place + 1)
    .join(", ");

/** The position of the line after `@@`; undefined when there is none. */
function anchorsOf(path: string, lines: string[], chunk: PatchChunk, cursor: number): number[] | undefined {
  if (chunk.context === undefined) return undefined;
  const places = seek(lines, [chunk.context], cursor);
  if (places.length > 0) return places;
  if (chunk.isRemark && chunk.before.length > 0) return undefined;
  throw new PatchError(`${path}: the line "${chunk.context}" after @@ was not found${cursor > 0 ? ` below line ${cursor}` : ""}.`);
}

function placeOf(path: string, lines: string[], chunk: PatchChunk, cursor: number, anchors: number[] | undefined): number {
  const quoted = chunk.before.slice(0, 4).join("\n");
  if (chunk.isEndOfFile) {
    const at = lines.length - chunk.before.length;
    if (at >= cursor && seek(lines, chunk.before, at).includes(at)) return at;
    throw new PatchError(`${path}: these lines do not stand at the end of the file:\n${quoted}`);
  }
  const places = seek(lines, chunk.before, anchors ? anchors[0]! + 1 : cursor);
  if (places.length === 0) {
    const earlier = cursor > 0 && seek(lines, chunk.before, 0).length > 0;
    throw new PatchError(
      `${path}: these lines were not found${earlier ? ` below line ${cursor} (they stand above it: put the chunks in file order)` : ""}:\n${quoted}`,
    );
  }
  if (!anchors) {
    if (places.length > 1)
      throw new PatchError(
        `${path}: these lines stand at lines ${listed(places)}; add context lines or "@@ " with a line above them:\n${quoted}`,
      );
    return places[0]!;
  }
  // The first match below each candidate line: all must agree.
  const below = [...new Set(anchors.map((anchor) => places.find((place) => place > anchor)).filter((place) => place !== undefined))];
  if (below.length > 1)
    throw new PatchError(
      `${path}: the line "${chunk.context}" after @@ and the lines below it stand at lines ${listed(below)}; quote more lines:\n${quoted}`,
    );
  return below[0]!;
}

/** All positions of `wanted` from `from` on, by the strictest comparison that finds any. */
function seek(lines: string[], wanted: string[], from: number): number[] {
  for (const like of likenesses) {
    const places = windows(lines.slice(from).map(like), wanted.map(like), Infinity);
    if (places.length > 0) return places.map((place) => place + from);
  }
  return [];
}

const likenesses: ((line: string) => string)[] = [
  (line) => line,
  (line) => line.trimEnd(),
  (line) => line.trim(),
  (line) => plainPunctuation(line.trim()),
];
