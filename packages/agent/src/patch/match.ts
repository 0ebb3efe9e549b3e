/**
 * Finding the one place a model means when it quotes code from memory. Pure; used by patch_file and multi_edit.
 * The first strategy that finds anything decides; if it finds two equally good places, that is an error, never a guess.
 */
export type MatchMethod = "exact" | "trailing_whitespace" | "whitespace_normalized" | "fuzzy";

export type Replacement =
  | { ok: true; text: string; method: MatchMethod; line: number; similarity: number }
  | { ok: false; reason: "empty_search" }
  | { ok: false; reason: "ambiguous"; method: MatchMethod; lines: number[] }
  /** `nearest` is the most similar place, to be quoted back to the model. */
  | { ok: false; reason: "not_found"; nearest?: { line: number; similarity: number; text: string } };

export const fuzzyThreshold = 0.8;
/** Two fuzzy places closer than this are equally good. */
const fuzzyMargin = 0.05;
/** Line comparisons a fuzzy search may cost; beyond it the answer is "not found". */
const fuzzyBudget = 600_000;

/** Replaces the one occurrence of `search` in `text`. Line endings of the file are kept. */
export function replaceOnce(text: string, search: string, replace: string): Replacement {
  if (search.trim() === "") return { ok: false, reason: "empty_search" };
  const isCrlf = text.includes("\r\n");
  const wanted = isCrlf ? toCrlf(replace) : replace;

  const exact = occurrences(text, search);
  if (exact.length > 0) return splice(text, exact, wanted, "exact");
  if (isCrlf && search.includes("\n")) {
    const sameEnds = occurrences(text, toCrlf(search));
    if (sameEnds.length > 0) return splice(text, sameEnds, wanted, "exact");
  }
  const trailing = trailingInsensitive(text, search);
  if (trailing.length > 0) return splice(text, trailing, wholeLines(wanted, search, isCrlf), "trailing_whitespace");

  const normalized = whitespaceInsensitive(text, search);
  if (normalized.length > 0) {
    const { start, end } = normalized[0]!;
    const from = lineStart(text, start);
    const place = text.slice(text.slice(from, start).trim() === "" ? from : start, end);
    const adapted = reindent(trimOuter(wanted, search), search, place, true);
    return splice(text, normalized, adapted, "whitespace_normalized");
  }
  return fuzzy(text, search, wanted, isCrlf);
}

interface Span {
  start: number;
  end: number;
}

function splice(text: string, spans: Span[], replace: string, method: MatchMethod, similarity = 1): Replacement {
  if (spans.length > 1) return { ok: false, reason: "ambiguous", method, lines: spans.map((span) => lineAt(text, span.start)) };
  const span = spans[0]!;
  return {
    ok: true,
    text: text.slice(0, span.start) + replace + text.slice(span.end),
    method,
    line: lineAt(text, span.start),
    similarity,
  };
}

function occurrences(text: string, search: string): Span[] {
  const found: Span[] = [];
  for (let at = text.indexOf(search); at !== -1; at = text.indexOf(search, at + 1)) found.push({ start: at, end: at + search.length });
  return found;
}

/** Whole lines equal up to spaces at their ends. */
function trailingInsensitive(text: string, search: string): Span[] {
  const lines = lineSpans(text);
  const wanted = linesOf(search).map((line) => line.trimEnd());
  return windows(lines, wanted.length)
    .filter((window) => wanted.every((line, index) => line === text.slice(window[index]!.start, window[index]!.end).trimEnd()))
    .map(outer);
}

/** The same words with any white space between them, anywhere. */
function whitespaceInsensitive(text: string, search: string): Span[] {
  const source = search.trim().split(/\s+/).map(escapeRegExp).join("\\s+");
  const found: Span[] = [];
  const pattern = new RegExp(source, "g");
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    found.push({ start: match.index, end: match.index + match[0].length });
    pattern.lastIndex = match.index + 1;
  }
  return found;
}

function fuzzy(text: string, search: string, replace: string, isCrlf: boolean): Replacement {
  const lines = lineSpans(text);
  const wanted = linesOf(search).map(squash);
  if (wanted.length > lines.length || wanted.length * lines.length > fuzzyBudget) return { ok: false, reason: "not_found" };
  const content = lines.map((line) => squash(text.slice(line.start, line.end)));
  const memo = new Map<string, number>();
  const scored: { index: number; score: number }[] = [];
  let best = 0;
  for (let index = 0; index + wanted.length <= lines.length; index++) {
    const score = windowSimilarity(content, index, wanted, Math.max(0.4, best - fuzzyMargin), memo);
    if (score > 0) scored.push({ index, score });
    best = Math.max(best, score);
  }
  const ranked = scored.filter((one) => one.score >= best - fuzzyMargin).toSorted((a, b) => b.score - a.score);
  const top = ranked[0];
  if (!top) return { ok: false, reason: "not_found" };
  const spanOf = (index: number): Span => outer(lines.slice(index, index + wanted.length));
  const span = spanOf(top.index);
  if (top.score < fuzzyThreshold) {
    return {
      ok: false,
      reason: "not_found",
      nearest: { line: top.index + 1, similarity: top.score, text: text.slice(span.start, span.end) },
    };
  }
  // Neighbouring windows overlap the winner and are the same place.
  const rivals = ranked.filter((one) => one.score >= fuzzyThreshold && Math.abs(one.index - top.index) >= wanted.length);
  if (rivals.length > 0) {
    const lineNumbers = [top, ...rivals].map((one) => one.index + 1).toSorted((a, b) => a - b);
    return { ok: false, reason: "ambiguous", method: "fuzzy", lines: lineNumbers };
  }
  const adapted = reindent(wholeLines(replace, search, isCrlf), search, text.slice(span.start, span.end), false);
  return splice(text, [span], adapted, "fuzzy", top.score);
}

/** Average similarity weighted by line length; 0 as soon as `atLeast` cannot be reached. */
function windowSimilarity(content: string[], from: number, wanted: string[], atLeast: number, memo: Map<string, number>): number {
  let total = 0;
  for (let i = 0; i < wanted.length; i++) total += Math.max(wanted[i]!.length, content[from + i]!.length) + 1;
  let lost = 0;
  for (let i = 0; i < wanted.length; i++) {
    const a = wanted[i]!;
    const b = content[from + i]!;
    const weight = Math.max(a.length, b.length) + 1;
    lost += (1 - lineSimilarity(a, b, memo)) * weight;
    if (1 - lost / total < atLeast) return 0;
  }
  return 1 - lost / total;
}

function lineSimilarity(a: string, b: string, memo: Map<string, number>): number {
  if (a === b) return 1;
  const longest = Math.max(a.length, b.length);
  if (longest > 2_000 || Math.min(a.length, b.length) / longest < 0.3) return 0;
  const key = `${a}\u0000${b}`;
  const known = memo.get(key);
  if (known !== undefined) return known;
  const value = 1 - editDistance(a, b) / longest;
  memo.set(key, value);
  return value;
}

export function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1);
      current.push(Math.min(substitution, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}

/** Lines without their ends; a final line break does not open another line. */
function lineSpans(text: string): Span[] {
  const spans: Span[] = [];
  let start = 0;
  while (start < text.length) {
    const next = text.indexOf("\n", start);
    const end = next === -1 ? text.length : next;
    spans.push({ start, end: end > start && text[end - 1] === "\r" ? end - 1 : end });
    if (next === -1) break;
    start = next + 1;
  }
  return spans;
}

function windows(lines: Span[], size: number): Span[][] {
  const all: Span[][] = [];
  for (let index = 0; index + size <= lines.length; index++) all.push(lines.slice(index, index + size));
  return all;
}

function outer(window: Span[]): Span {
  return { start: window[0]!.start, end: window[window.length - 1]!.end };
}

function linesOf(search: string): string[] {
  const lines = search.replaceAll("\r\n", "\n").split("\n");
  if (lines.length > 1 && lines[lines.length - 1]!.trim() === "") lines.pop();
  return lines;
}

/** The replacement of a block of whole lines: a line break that closed `search` closes `replace` too. */
function wholeLines(replace: string, search: string, isCrlf: boolean): string {
  const end = isCrlf ? "\r\n" : "\n";
  return search.endsWith("\n") && replace.endsWith(end) ? replace.slice(0, -end.length) : replace;
}

/** Outer white space that `search` has too is the file's business. */
function trimOuter(replace: string, search: string): string {
  let result = replace;
  if (/^\s/.test(search)) result = result.trimStart();
  if (/\s$/.test(search)) result = result.trimEnd();
  return result;
}

/** Gives the replacement the file's indentation where the model quoted another one. `keepFirst`: the first line starts after the file's own indent. */
function reindent(replace: string, search: string, place: string, keepFirst: boolean): string {
  const [searchFirst = "", searchNext] = indents(search);
  const [placeFirst = "", placeNext] = indents(place);
  const first = shift(searchFirst, placeFirst);
  const rest = searchNext === undefined || placeNext === undefined ? first : shift(searchNext, placeNext);
  return replace
    .split("\n")
    .map((line, index) => (index > 0 ? rest(line) : keepFirst ? line : first(line)))
    .join("\n");
}

function indents(block: string): string[] {
  return block
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => /^[ \t]*/.exec(line)![0]);
}

function shift(from: string, to: string): (line: string) => string {
  if (from === to) return (line) => line;
  const added = to.endsWith(from) ? to.slice(0, to.length - from.length) : undefined;
  const removed = from.endsWith(to) ? from.slice(0, from.length - to.length) : undefined;
  return (line) => {
    if (line.trim() === "") return line;
    if (added !== undefined) return added + line;
    if (removed !== undefined) return line.startsWith(removed) ? line.slice(removed.length) : line;
    return line.startsWith(from) ? to + line.slice(from.length) : line;
  };
}

function lineStart(text: string, at: number): number {
  return at === 0 ? 0 : text.lastIndexOf("\n", at - 1) + 1;
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

function squash(line: string): string {
  return line.trim().replaceAll(/\s+/g, " ");
}
function toCrlf(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll("\n", "\r\n");
}
function escapeRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}
