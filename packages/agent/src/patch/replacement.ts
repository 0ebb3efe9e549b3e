import { indentUnit, mergeEdit, type Doubt, type Merged } from "./merge.ts";
import type { Quotation } from "./quotation.ts";

/** How a place was found, from the most certain to the least. */
export type MatchMethod = "exact" | "trailing_whitespace" | "whitespace_normalized" | "fuzzy";

/** The text after an edit, or why there is none. `line` counts from 1. */
export type Replacement =
  | { ok: true; text: string; method: MatchMethod; line: number; similarity: number }
  | { ok: false; reason: "empty_search" }
  | { ok: false; reason: "ambiguous"; method: MatchMethod; lines: number[] }
  /** The place was found, but the result would be ambiguous. */
  | { ok: false; reason: "doubtful"; doubt: Doubt | "inside_word" | "elision" | "line_numbers"; line?: number; text?: string }
  /** `nearest` is the most similar place, to be quoted back to the model. */
  | { ok: false; reason: "not_found"; nearest?: { line: number; similarity: number; text: string } };

interface Line {
  start: number;
  /** Without the line break. */
  end: number;
  content: string;
}
/** The text of a file, by its lines. */
export interface EditedText {
  text: string;
  lines: Line[];
  /** What its lines are indented with: a tab, or some blanks. */
  unit: () => string;
}

/** A part of a text, by its offsets. */
export interface Span {
  start: number;
  end: number;
}

export function openText(text: string): EditedText {
  const lines: Line[] = [];
  let start = 0;
  while (start < text.length) {
    const next = text.indexOf("\n", start);
    const stop = next === -1 ? text.length : next;
    const end = stop > start && text[stop - 1] === "\r" ? stop - 1 : stop;
    lines.push({ start, end, content: text.slice(start, end) });
    if (next === -1) break;
    start = next + 1;
  }
  let unit: string | undefined;
  return { text, lines, unit: () => (unit ??= indentUnit(text)) };
}

/** Replaces the only place; several are `ambiguous`. */
export function splice(file: EditedText, spans: Span[], replace: string, method: MatchMethod, similarity = 1): Replacement {
  if (spans.length > 1) return { ok: false, reason: "ambiguous", method, lines: spans.map((span) => lineOf(file, span.start)) };
  const { start, end } = spans[0]!;
  return {
    ok: true,
    text: file.text.slice(0, start) + replace + file.text.slice(end),
    method,
    line: lineOf(file, start),
    similarity,
  };
}

/** Applies the edit to lines `from` to `to`. */
export function applyToLines(
  file: EditedText,
  from: number,
  to: number,
  { search, replace }: Pick<Quotation, "search" | "replace">,
  method: MatchMethod,
  similarity: number,
  merged?: Merged,
): Replacement {
  const window = file.lines.slice(from, to);
  const place = window.map((line) => line.content);
  const made = merged ?? mergeEdit({ search: linesOf(search), replace: wantedLines(search, replace), place, unit: file.unit() });
  if (!made.ok) return { ok: false, reason: "doubtful", doubt: made.doubt, line: from + 1, text: place.join("\n") };
  const ending = endingAt(file, window[0]!.start);
  const start = window[0]!.start;
  // Removed lines are removed with their line break.
  const end = made.lines.length === 0 && search.endsWith("\n") ? (file.lines[to]?.start ?? file.text.length) : window.at(-1)!.end;
  return splice(file, [{ start, end }], joined(file, window, made.lines, ending), method, similarity);
}

/** Unchanged lines keep their line break. */
function joined(file: EditedText, window: Line[], lines: string[], ending: string): string {
  const breaks = new Set(window.slice(0, -1).map((line, index) => file.text.slice(line.end, window[index + 1]!.start)));
  if (breaks.size <= 1) return lines.join(ending);
  const own = new Map(window.map((line, index) => [line.content, file.text.slice(line.end, window[index + 1]?.start ?? line.end)]));
  return lines.map((line, index) => (index === lines.length - 1 ? line : line + (own.get(line) || ending))).join("");
}

/** Lines of a quotation; a final line break does not start another line. */
export function linesOf(search: string): string[] {
  const lines = search.replaceAll("\r\n", "\n").split("\n");
  if (lines.length > 1 && lines.at(-1)!.trim() === "") lines.pop();
  return lines;
}

/** Lines of the replacement; a final line break of `search` is expected in `replace` too. */
export function wantedLines(search: string, replace: string): string[] {
  if (replace === "") return search.endsWith("\n") ? [] : [""];
  const lines = replace.replaceAll("\r\n", "\n").split("\n");
  const isClosed = /\n[^\S\n]*$/.test(search);
  if (isClosed && lines.length > 1 && lines.at(-1)!.trim() === "") lines.pop();
  return lines;
}

export function lineOf({ lines }: EditedText, offset: number): number {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (lines[middle]!.start <= offset) low = middle;
    else high = middle - 1;
  }
  return low + 1;
}

export const quoted = (file: EditedText, line: number): { line: number; text: string } => ({ line, text: file.lines[line - 1]!.content });

/** The line break of the line at `offset`, else the first of the file. */
export function endingAt({ text }: EditedText, offset: number): "\n" | "\r\n" {
  const next = text.indexOf("\n", offset);
  const at = next === -1 ? text.lastIndexOf("\n") : next;
  return at > 0 && text[at - 1] === "\r" ? "\r\n" : "\n";
}

export const toEnding = (text: string, ending: "\n" | "\r\n"): string => (ending === "\r\n" ? toCrlf(text) : text.replaceAll("\r\n", "\n"));
export function toCrlf(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll("\n", "\r\n");
}
