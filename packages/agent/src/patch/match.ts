/**
 * Finds the place that a model quotes from memory. Pure; used by edit_file. The first strategy that finds anything decides; two equally
 * good places are an error, never a guess. Differences from the quotation are merged by `merge.ts`, or refused with a reason.
 */
import { indentUnit, mergeEdit, plainLine, withoutForeignTabs, type Doubt, type Merged } from "./merge.ts";
import { hasNewElision, quotations, type Quotation } from "./quotation.ts";

export type MatchMethod = "exact" | "trailing_whitespace" | "whitespace_normalized" | "fuzzy";

export type Replacement =
  | { ok: true; text: string; method: MatchMethod; line: number; similarity: number }
  | { ok: false; reason: "empty_search" }
  | { ok: false; reason: "ambiguous"; method: MatchMethod; lines: number[] }
  /** The place was found, but the result would be ambiguous. */
  | { ok: false; reason: "doubtful"; doubt: Doubt | "inside_word" | "elision" | "line_numbers"; line?: number; text?: string }
  /** `nearest` is the most similar place, to be quoted back to the model. */
  | { ok: false; reason: "not_found"; nearest?: { line: number; similarity: number; text: string } };

export const fuzzyThreshold = 0.8;
/** Two fuzzy places closer than this are equally good. */
const fuzzyMargin = 0.05;
/** Maximum line comparisons of a fuzzy search; beyond, the result is "not found". */
const fuzzyBudget = 600_000;
/** The same in compared characters, because long lines take quadratic time and block the event loop. */
const cellBudget = 50_000_000;
/** Minimum similarity of a quoted line. */
const leastLikeness = 0.5;
/** Share of the quoted lines that may differ. */
const mostStale = 0.3;

const bom = "\uFEFF";

/** Replaces the one occurrence of `search` in `text`. Line endings and byte order mark of the file are kept. */
export function replaceOnce(text: string, search: string, replace: string): Replacement {
  if (text.startsWith(bom)) {
    const inner = replaceOnce(text.slice(1), withoutBom(search), withoutBom(replace));
    return inner.ok ? { ...inner, text: bom + inner.text } : inner;
  }
  if (search.trim() === "") return { ok: false, reason: "empty_search" };
  if (hasNewElision(search, replace)) return { ok: false, reason: "doubtful", doubt: "elision" };
  const file = fileOf(text);
  const made = madeAlready(file, search, replace);
  if (made) return made;
  const variants = quotations(search, replace);
  for (const variant of variants) {
    const found = sure(file, variant);
    if (found) return found;
  }
  const applied = appliedAlready(file, variants.at(-1)!);
  if (applied) return applied;
  return fuzzy(file, variants.at(-1)!);
}

interface Line {
  start: number;
  /** Without the line break. */
  end: number;
  content: string;
}
interface File {
  text: string;
  lines: Line[];
  unit: () => string;
}
/** Matches listed in the error. */
const mostPlaces = 50;
/** Cached line comparisons, and their cost. */
interface Comparisons {
  known: Map<string, number>;
  cells: number;
}
interface Span {
  start: number;
  end: number;
}

function fileOf(text: string): File {
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

/** Tries the strategies in order; undefined when none finds a place. */
function sure(file: File, { search, replace, isNumbered }: Quotation): Replacement | undefined {
  const { text } = file;
  const written = [search, toCrlf(search)].map((one) => occurrences(text, one)).find((spans) => spans.length > 0);
  if (written) {
    const span = written[0]!;
    if (written.length === 1 && splitsWord(text, span) && !keepsEnds(text, span, replace))
      return { ok: false, reason: "doubtful", doubt: "inside_word", ...quoted(file, lineOf(file, span.start)) };
    if (isNumbered === "mixed") return { ok: false, reason: "doubtful", doubt: "line_numbers" };
    const closed = search.endsWith("\n") && replace !== "" && !replace.endsWith("\n") ? `${replace}\n` : replace;
    const own = withoutForeignTabs(closed.split("\n"), text).join("\n");
    return splice(file, written, toEnding(own, endingAt(file, span.start)), "exact");
  }
  const wanted = linesOf(search);
  const byLine: [MatchMethod, (line: string) => string, similarity?: number][] = [
    ["trailing_whitespace", (line) => line.trimEnd()],
    ["whitespace_normalized", squash],
    ["fuzzy", plainLine],
  ];
  for (const [method, like] of byLine) {
    const places = windowsLike(file, wanted, like);
    if (places.length > 1) return { ok: false, reason: "ambiguous", method, lines: places.map((place) => place + 1) };
    if (places.length === 1) {
      if (isNumbered === "mixed") return { ok: false, reason: "doubtful", doubt: "line_numbers" };
      return settle(file, places[0]!, places[0]! + wanted.length, { search, replace }, method, 1);
    }
    if (method === "whitespace_normalized") {
      const spread = withoutBlanks(file, search, replace) ?? reflowed(file, search, replace);
      if (spread) return spread;
    }
  }
  return undefined;
}

/** The edit adds to the quoted text and the addition exists: it was applied before. */
function madeAlready(file: File, search: string, replace: string): Replacement | undefined {
  if (replace.length <= search.length || !replace.includes(search)) return undefined;
  const replaceSpans = [replace, toCrlf(replace)].flatMap((one) => occurrences(file.text, one));
  const searchSpans = [search, toCrlf(search)].flatMap((one) => occurrences(file.text, one));
  const [span] = replaceSpans;
  if (!span || replaceSpans.some((one) => one.start !== span.start)) return undefined;
  if (searchSpans.some((one) => one.start !== searchSpans[0]!.start)) return undefined;
  if (splitsWord(file.text, span)) return undefined;
  return { ok: true, text: file.text, method: "exact", line: lineOf(file, span.start), similarity: 1 };
}

/** The search text is missing and the replacement occurs once as whole lines: the edit was applied before. */
function appliedAlready(file: File, { replace }: Quotation): Replacement | undefined {
  const wanted = wantedLines(replace, replace).filter((line) => line.trim() !== "");
  if (wanted.length < 2 && replace.trim().length < 40) return undefined;
  const places = windowsLike(file, linesOf(replace), (line) => line.trimEnd());
  if (places.length !== 1) return undefined;
  return { ok: true, text: file.text, method: "exact", line: places[0]! + 1, similarity: 1 };
}

function splice(file: File, spans: Span[], replace: string, method: MatchMethod, similarity = 1): Replacement {
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
function settle(
  file: File,
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
function joined(file: File, window: Line[], lines: string[], ending: string): string {
  const breaks = new Set(window.slice(0, -1).map((line, index) => file.text.slice(line.end, window[index + 1]!.start)));
  if (breaks.size <= 1) return lines.join(ending);
  const own = new Map(window.map((line, index) => [line.content, file.text.slice(line.end, window[index + 1]?.start ?? line.end)]));
  return lines.map((line, index) => (index === lines.length - 1 ? line : line + (own.get(line) || ending))).join("");
}

function occurrences(text: string, search: string): Span[] {
  const found: Span[] = [];
  for (let at = text.indexOf(search); at !== -1 && found.length < mostPlaces; at = text.indexOf(search, at + 1))
    found.push({ start: at, end: at + search.length });
  return found;
}

/** Positions of `wanted` in `content` in linear time (Knuth-Morris-Pratt). */
export function windows(content: readonly string[], wanted: readonly string[], most = mostPlaces): number[] {
  const border = [0];
  for (let at = 1, length = 0; at < wanted.length; at++) {
    while (length > 0 && wanted[at] !== wanted[length]) length = border[length - 1]!;
    if (wanted[at] === wanted[length]) length++;
    border[at] = length;
  }
  const found: number[] = [];
  for (let at = 0, length = 0; at < content.length && found.length < most; at++) {
    while (length > 0 && content[at] !== wanted[length]) length = border[length - 1]!;
    if (content[at] === wanted[length]) length++;
    if (length === wanted.length) {
      found.push(at + 1 - length);
      length = border[length - 1]!;
    }
  }
  return found;
}

const isWord = (character: string | undefined): boolean => character !== undefined && /[\p{L}\p{N}_$]/u.test(character);
/** A quotation that starts or ends within a word is not a match. */
const splitsWord = (text: string, { start, end }: Span): boolean =>
  (isWord(text[start - 1]) && isWord(text[start])) || (isWord(text[end - 1]) && isWord(text[end]));

/** The replacement starts and ends with the same part of a word, so the surrounding words stay intact. */
function keepsEnds(text: string, { start, end }: Span, replace: string): boolean {
  const [head] = /^[\p{L}\p{N}_$]*/u.exec(text.slice(start, end))!;
  const [tail] = /[\p{L}\p{N}_$]*$/u.exec(text.slice(start, end))!;
  const isHeadKept = !isWord(text[start - 1]) || head === "" || /^[\p{L}\p{N}_$]*/u.exec(replace)![0] === head;
  const isTailKept = !isWord(text[end]) || tail === "" || /[\p{L}\p{N}_$]*$/u.exec(replace)![0] === tail;
  return isHeadKept && isTailKept;
}

function windowsLike({ lines }: File, search: string[], like: (line: string) => string): number[] {
  const wanted = search.map(like);
  const content = lines.map((line) => like(line.content));
  return windows(content, wanted);
}

/** Matches lines ignoring blank lines between them. */
function withoutBlanks(file: File, search: string, replace: string): Replacement | undefined {
  const isFull = (line: string): boolean => line.trim() !== "";
  const wanted = linesOf(search).filter(isFull).map(squash);
  if (wanted.length < 2) return undefined;
  const full = file.lines.flatMap((line, index) => (isFull(line.content) ? [{ index, text: squash(line.content) }] : []));
  const places = windows(
    full.map(({ text }) => text),
    wanted,
  );
  if (places.length === 0) return undefined;
  if (places.length > 1)
    return { ok: false, reason: "ambiguous", method: "whitespace_normalized", lines: places.map((at) => full[at]!.index + 1) };
  const rows = full.slice(places[0], places[0]! + wanted.length).map((one) => one.index);
  const from = rows[0]!;
  const to = rows.at(-1)! + 1;
  const own = file.lines.slice(from, to).map((line) => line.content);
  return settle(file, from, to, { search, replace }, "whitespace_normalized", 1, mergeAcrossBlanks(file, search, replace, own));
}

/** The edit without blank lines, if the file's blank lines are outside the change. */
function mergeAcrossBlanks(file: File, search: string, replace: string, own: string[]): Merged {
  const isFull = (line: string): boolean => line.trim() !== "";
  const doubt: Merged = { ok: false, doubt: "blank_lines" };
  const quotedLines = linesOf(search);
  const wantedAll = wantedLines(search, replace);
  // Equal lines at both ends stay as they are in the file.
  const before = equalStart(quotedLines.filter(isFull), wantedAll.filter(isFull));
  const after = equalStart(quotedLines.filter(isFull).slice(before).toReversed(), wantedAll.filter(isFull).slice(before).toReversed());
  const cut = (lines: string[]): string[] => {
    const at = [...lines.entries()].flatMap(([index, line]) => (isFull(line) ? [index] : []));
    const first = before === 0 ? 0 : at[before - 1]! + 1;
    const last = after === 0 ? lines.length : at[at.length - after]!;
    return lines.slice(first, last);
  };
  const [middleSearch, middleReplace, middleOwn] = [cut(quotedLines), cut(wantedAll), cut(own)];
  const rows = [...own.entries()].flatMap(([index, line]) => (isFull(line) ? [index] : []));
  const head = own.slice(0, before === 0 ? 0 : rows[before - 1]! + 1);
  const tail = own.slice(after === 0 ? own.length : rows[rows.length - after]);
  // A blank line next to removed lines was not quoted, so it stays.
  if (middleSearch.some(isFull)) {
    while (before > 0 && middleOwn.length > 0 && !isFull(middleOwn[0]!) && isFull(middleSearch[0]!)) head.push(middleOwn.shift()!);
    while (after > 0 && middleOwn.length > 0 && !isFull(middleOwn.at(-1)!) && isFull(middleSearch.at(-1)!)) tail.unshift(middleOwn.pop()!);
  }
  if (middleSearch.length !== middleOwn.length || middleSearch.some((line, index) => isFull(line) !== isFull(middleOwn[index]!)))
    return doubt;
  // The indentation is derived from all quoted lines, not only from changed ones.
  const aligned = mergeEdit({
    search: [...quotedLines.filter(isFull).slice(0, before), ...middleSearch, ...quotedLines.filter(isFull).slice(rows.length - after)],
    replace: [...quotedLines.filter(isFull).slice(0, before), ...middleReplace, ...quotedLines.filter(isFull).slice(rows.length - after)],
    place: [...head.filter(isFull), ...middleOwn, ...tail.filter(isFull)],
    unit: file.unit(),
  });
  if (!aligned.ok) return aligned;
  return { ok: true, lines: [...head, ...aligned.lines.slice(before, aligned.lines.length - after), ...tail] };
}

function equalStart(a: string[], b: string[]): number {
  let count = 0;
  while (count < a.length && count < b.length && a[count]!.trimEnd() === b[count]!.trimEnd()) count++;
  return count;
}

/** Matches words with any white space and line breaks between them, also within a line. */
function reflowed(file: File, search: string, replace: string): Replacement | undefined {
  const { text } = file;
  const flat = flattened(text);
  const found = occurrences(flat.text, search.trim().split(/\s+/).join(" ")).map(({ start, end }): Span => ({
    start: flat.places[start]!,
    end: flat.places[end - 1]! + 1,
  }));
  const span = found[0];
  if (!span) return undefined;
  if (found.length > 1) return splice(file, found, replace, "whitespace_normalized");
  const line = lineOf(file, span.start);
  if (splitsWord(text, span)) return { ok: false, reason: "doubtful", doubt: "inside_word", ...quoted(file, line) };
  const wanted = trimOuter(replace, search).split(/\r?\n/);
  const margin = /^[ \t]*/.exec(file.lines[line - 1]!.content)![0];
  const [first = "", ...rest] = wanted;
  if (rest.some((one) => one.trim() !== "")) {
    // Several lines for a place with other line breaks: only if their indentation is clear.
    const quotedLines = linesOf(search);
    const made = mergeEdit({
      search: [quotedLines[0] ?? ""],
      replace: [marginOf(quotedLines[0] ?? "") + first.trimStart(), ...rest],
      place: [margin + (quotedLines[0] ?? "").trim()],
      unit: file.unit(),
    });
    if (!made.ok) return { ok: false, reason: "doubtful", doubt: made.doubt, ...quoted(file, line) };
    const lines = [made.lines[0]!.trimStart(), ...made.lines.slice(1)];
    return splice(file, found, lines.join(endingAt(file, span.start)), "whitespace_normalized");
  }
  return splice(file, found, toEnding(wanted.join("\n"), endingAt(file, span.start)), "whitespace_normalized");
}

/** Collapses white space, with the original position of each character. */
function flattened(text: string): { text: string; places: Uint32Array } {
  const places = new Uint32Array(text.length);
  const parts: string[] = [];
  let length = 0;
  for (const { 0: part, index } of text.matchAll(/\s+|\S+/g)) {
    const isSpace = part.trim() === "";
    parts.push(isSpace ? " " : part);
    for (let at = 0; at < (isSpace ? 1 : part.length); at++) places[length++] = index + at;
  }
  return { text: parts.join(""), places };
}

function fuzzy(file: File, { search, replace, isNumbered }: Quotation): Replacement {
  const { lines } = file;
  const searchLines = linesOf(search);
  const wanted = searchLines.map(plainLine);
  if (wanted.length > lines.length || wanted.length * lines.length > fuzzyBudget) return { ok: false, reason: "not_found" };
  const content = lines.map((line) => plainLine(line.content));
  const memo: Comparisons = { known: new Map(), cells: 0 };
  const scored: { index: number; score: number }[] = [];
  let best = 0;
  for (let index = 0; index + wanted.length <= lines.length; index++) {
    const score = windowSimilarity(content, index, wanted, Math.max(0.4, best - fuzzyMargin), memo);
    if (memo.cells > cellBudget) return { ok: false, reason: "not_found" };
    if (score > 0) scored.push({ index, score });
    best = Math.max(best, score);
  }
  const ranked = scored.filter((one) => one.score >= best - fuzzyMargin).toSorted((a, b) => b.score - a.score);
  const top = ranked[0];
  if (!top) return { ok: false, reason: "not_found" };
  const place = lines.slice(top.index, top.index + wanted.length).map((line) => line.content);
  const nearest = { line: top.index + 1, similarity: top.score, text: place.join("\n") };
  if (top.score < fuzzyThreshold) return { ok: false, reason: "not_found", nearest };
  // Adjacent windows overlap the best one and are the same place.
  const rivals = ranked.filter((one) => one.score >= fuzzyThreshold && Math.abs(one.index - top.index) >= wanted.length);
  if (rivals.length > 0) {
    const lineNumbers = [top, ...rivals].map((one) => one.index + 1).toSorted((a, b) => a - b);
    return { ok: false, reason: "ambiguous", method: "fuzzy", lines: lineNumbers };
  }
  if (isNumbered === "mixed") return { ok: false, reason: "doubtful", doubt: "line_numbers" };
  if (!isMeant(searchLines, place, memo)) return { ok: false, reason: "doubtful", doubt: "stale", line: top.index + 1, text: nearest.text };
  return settle(file, top.index, top.index + wanted.length, { search, replace }, "fuzzy", top.score);
}

/** Whether a similar place is the quoted one: few lines differ, none by much, and none declares another name. */
function isMeant(search: string[], place: string[], memo: Comparisons): boolean {
  const pairs = search
    .map((line, index): [string, string] => [plainLine(line), plainLine(place[index]!)])
    .filter(([a, b]) => a !== "" || b !== "");
  const differing = pairs.filter(([a, b]) => a !== b);
  if (differing.some(([a, b]) => lineSimilarity(a, b, memo) < leastLikeness)) return false;
  if (differing.some(([a, b]) => nameIn(a) !== nameIn(b))) return false;
  if (differing.length <= pairs.length * mostStale) return true;
  return pairs.some(([a, b]) => nameIn(a) !== undefined && nameIn(a) === nameIn(b));
}

/** The name that a line declares, the string it passes, or the key it sets. */
function nameIn(line: string): string | undefined {
  const declared =
    /^(?:export |default |async |public |private |protected |static |readonly |abstract |declare |get |set |pub )*(?:function\*?|class|const|let|var|def|fn|func|interface|type|enum|struct|impl|module|namespace)\s+([\p{L}\p{N}_$]+|\{[^}]*\}|\[[^\]]*\])/u.exec(
      line,
    );
  if (declared) return declared[1];
  const called = /^(?:await |return )?[\p{L}\p{N}_$.]+\(\s*(["'`][^"'`]*["'`])/u.exec(line);
  if (called) return called[1];
  const set = /^(?:case )?(["'`]?[\p{L}\p{N}_$.[\]-]+["'`]?)\s*(?:=(?!=)|:|\()/u.exec(line);
  return set?.[1];
}

/** Average similarity weighted by line length; 0 as soon as `atLeast` cannot be reached. */
function windowSimilarity(content: string[], from: number, wanted: string[], atLeast: number, memo: Comparisons): number {
  let total = 0;
  for (let i = 0; i < wanted.length; i++) total += Math.max(wanted[i]!.length, content[from + i]!.length) + 1;
  let lost = 0;
  for (let i = 0; i < wanted.length; i++) {
    const a = wanted[i]!;
    const b = content[from + i]!;
    const weight = Math.max(a.length, b.length) + 1;
    lost += (1 - lineSimilarity(a, b, memo)) * weight;
    if (1 - lost / total < atLeast || memo.cells > cellBudget) return 0;
  }
  return 1 - lost / total;
}

function lineSimilarity(a: string, b: string, memo: Comparisons): number {
  if (a === b) return 1;
  const longest = Math.max(a.length, b.length);
  if (longest > 2_000 || Math.min(a.length, b.length) / longest < 0.3) return 0;
  const key = `${a}\u0000${b}`;
  const known = memo.known.get(key);
  if (known !== undefined) return known;
  memo.cells += a.length * b.length;
  const value = 1 - editDistance(a, b) / longest;
  memo.known.set(key, value);
  return value;
}

export function editDistance(a: string, b: string): number {
  let previous = Uint32Array.from({ length: b.length + 1 }, (_, index) => index);
  let current = new Uint32Array(b.length + 1);
  for (let i = 1; i <= a.length; i++) {
    const code = a.charCodeAt(i - 1);
    current[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const substitution = previous[j - 1]! + (code === b.charCodeAt(j - 1) ? 0 : 1);
      const gap = Math.min(previous[j]!, current[j - 1]!) + 1;
      current[j] = substitution < gap ? substitution : gap;
    }
    [previous, current] = [current, previous];
  }
  return previous[b.length]!;
}

/** Lines of a quotation; a final line break does not start another line. */
function linesOf(search: string): string[] {
  const lines = search.replaceAll("\r\n", "\n").split("\n");
  if (lines.length > 1 && lines.at(-1)!.trim() === "") lines.pop();
  return lines;
}

/** Lines of the replacement; a final line break of `search` is expected in `replace` too. */
function wantedLines(search: string, replace: string): string[] {
  if (replace === "") return search.endsWith("\n") ? [] : [""];
  const lines = replace.replaceAll("\r\n", "\n").split("\n");
  const isClosed = /\n[^\S\n]*$/.test(search);
  if (isClosed && lines.length > 1 && lines.at(-1)!.trim() === "") lines.pop();
  return lines;
}

/** Outer white space that `search` shares is taken from the file. */
function trimOuter(replace: string, search: string): string {
  let result = replace;
  if (/^\s/.test(search)) result = result.trimStart();
  if (/\s$/.test(search)) result = result.trimEnd();
  return result;
}

function lineOf({ lines }: File, offset: number): number {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (lines[middle]!.start <= offset) low = middle;
    else high = middle - 1;
  }
  return low + 1;
}

const quoted = (file: File, line: number): { line: number; text: string } => ({ line, text: file.lines[line - 1]!.content });

/** The line break of the line at `offset`, else the first of the file. */
function endingAt({ text }: File, offset: number): "\n" | "\r\n" {
  const next = text.indexOf("\n", offset);
  const at = next === -1 ? text.lastIndexOf("\n") : next;
  return at > 0 && text[at - 1] === "\r" ? "\r\n" : "\n";
}

const marginOf = (line: string): string => /^[ \t]*/.exec(line)![0];
const withoutBom = (text: string): string => (text.startsWith(bom) ? text.slice(1) : text);
const squash = (line: string): string => line.trim().replaceAll(/\s+/g, " ");
const toEnding = (text: string, ending: "\n" | "\r\n"): string => (ending === "\r\n" ? toCrlf(text) : text.replaceAll("\r\n", "\n"));
function toCrlf(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll("\n", "\r\n");
}
