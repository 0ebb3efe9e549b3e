/**
 * Finds the place that a model quotes from memory. Pure; used by edit_file. The first strategy that finds anything decides; two equally
 * good places are an error, never a guess. Differences from the quotation are merged by `merge.ts`, or refused with a reason.
 */
import { fuzzy } from "./fuzzy.ts";
import { mergeEdit, plainLine, withoutForeignTabs, type Merged } from "./merge.ts";
import { hasNewElision, quotations, type Quotation } from "./quotation.ts";
import {
  endingAt,
  linesOf,
  lineOf,
  openText,
  quoted,
  applyToLines,
  splice,
  toCrlf,
  toEnding,
  wantedLines,
  type EditedText,
  type MatchMethod,
  type Replacement,
  type Span,
} from "./replacement.ts";

const bom = "\uFEFF";

/** Matches listed in the error. */
const maxPlaces = 50;

/** Replaces the one occurrence of `search` in `text`. Line endings and byte order mark of the file are kept. */
export function replaceOnce(text: string, search: string, replace: string): Replacement {
  if (text.startsWith(bom)) {
    const inner = replaceOnce(text.slice(1), withoutBom(search), withoutBom(replace));
    return inner.ok ? { ...inner, text: bom + inner.text } : inner;
  }
  if (search.trim() === "") return { ok: false, reason: "empty_search" };
  if (hasNewElision(search, replace)) return { ok: false, reason: "doubtful", doubt: "elision" };
  const file = openText(text);
  const made = addedAlready(file, search, replace);
  if (made) return made;
  const variants = quotations(search, replace);
  for (const variant of variants) {
    const found = findPlace(file, variant);
    if (found) return found;
  }
  const applied = appliedAlready(file, variants.at(-1)!);
  if (applied) return applied;
  return fuzzy(file, variants.at(-1)!);
}

/** Tries the strategies in order; undefined when none finds a place. */
function findPlace(file: EditedText, { search, replace, isNumbered }: Quotation): Replacement | undefined {
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
      return applyToLines(file, places[0]!, places[0]! + wanted.length, { search, replace }, method, 1);
    }
    if (method === "whitespace_normalized") {
      const spread = withoutBlanks(file, search, replace) ?? reflowed(file, search, replace);
      if (spread) return spread;
    }
  }
  return undefined;
}

/** The edit adds to the quoted text and the addition exists: it was applied before. */
function addedAlready(file: EditedText, search: string, replace: string): Replacement | undefined {
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
function appliedAlready(file: EditedText, { replace }: Quotation): Replacement | undefined {
  const wanted = wantedLines(replace, replace).filter((line) => line.trim() !== "");
  if (wanted.length < 2 && replace.trim().length < 40) return undefined;
  const places = windowsLike(file, linesOf(replace), (line) => line.trimEnd());
  if (places.length !== 1) return undefined;
  return { ok: true, text: file.text, method: "exact", line: places[0]! + 1, similarity: 1 };
}

function occurrences(text: string, search: string): Span[] {
  const found: Span[] = [];
  for (let at = text.indexOf(search); at !== -1 && found.length < maxPlaces; at = text.indexOf(search, at + 1))
    found.push({ start: at, end: at + search.length });
  return found;
}

/** Positions of `wanted` in `content` in linear time (Knuth-Morris-Pratt). */
export function windows(content: readonly string[], wanted: readonly string[], max = maxPlaces): number[] {
  const border = [0];
  for (let at = 1, length = 0; at < wanted.length; at++) {
    while (length > 0 && wanted[at] !== wanted[length]) length = border[length - 1]!;
    if (wanted[at] === wanted[length]) length++;
    border[at] = length;
  }
  const found: number[] = [];
  for (let at = 0, length = 0; at < content.length && found.length < max; at++) {
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

function windowsLike({ lines }: EditedText, search: string[], like: (line: string) => string): number[] {
  const wanted = search.map(like);
  const content = lines.map((line) => like(line.content));
  return windows(content, wanted);
}

/** Matches lines ignoring blank lines between them. */
function withoutBlanks(file: EditedText, search: string, replace: string): Replacement | undefined {
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
  return applyToLines(file, from, to, { search, replace }, "whitespace_normalized", 1, mergeAcrossBlanks(file, search, replace, own));
}

/** The edit without blank lines, if the file's blank lines are outside the change. */
function mergeAcrossBlanks(file: EditedText, search: string, replace: string, own: string[]): Merged {
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
function reflowed(file: EditedText, search: string, replace: string): Replacement | undefined {
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

/** Outer white space that `search` shares is taken from the file. */
function trimOuter(replace: string, search: string): string {
  let result = replace;
  if (/^\s/.test(search)) result = result.trimStart();
  if (/\s$/.test(search)) result = result.trimEnd();
  return result;
}

const marginOf = (line: string): string => /^[ \t]*/.exec(line)![0];
const withoutBom = (text: string): string => (text.startsWith(bom) ? text.slice(1) : text);
const squash = (line: string): string => line.trim().replaceAll(/\s+/g, " ");
