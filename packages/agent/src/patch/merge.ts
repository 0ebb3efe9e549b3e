/**
 * Applies an edit to a place that differs from what the model quoted. Pure; used by `match.ts` and `apply-patch.ts`.
 *
 * Lines that the model left unchanged stay as they are in the file; changed lines get the file's indentation and punctuation. A line that differs from
 * the quotation is merged three ways, word by word. An ambiguous result is refused with a reason.
 */
import { diffArrays } from "diff";

/** Why an edit is refused although its place was found. */
export type Doubt =
  /** The replacement uses words that are different in the file. */
  | "stale"
  /** The indentation of new lines cannot be derived from the quoted ones. */
  | "indentation"
  /** Blank lines that were not quoted are in the change. */
  | "blank_lines";
export type Merged = { ok: true; lines: string[] } | { ok: false; doubt: Doubt };

export interface Edit {
  /** The quoted lines and their replacement. */
  search: string[];
  replace: string[];
  /** The file's lines, one per line of `search`. */
  place: string[];
  /** One level of the file's indentation. */
  unit: string;
  /** Further quoted lines with the file's lines, to detect the model's style. */
  beside?: { search: string[]; place: string[] };
}

export function mergeEdit(edit: Edit): Merged {
  const { place, unit } = edit;
  const isExact = edit.search.every((line, index) => line === place[index]);
  const beside = edit.beside?.search.some((line, index) => line !== edit.beside!.place[index]) ? edit.beside : { search: [], place: [] };
  if (isExact && beside.search.length === 0) return { ok: true, lines: edit.replace };
  // The model's typographic characters mean plain ones if it quoted plain ones that way.
  const quotedAll = [...edit.search, ...beside.search];
  const placeAll = [...place, ...beside.place];
  const isFancy = quotedAll.some(
    (line, index) =>
      plainPunctuation(line) !== line && plainPunctuation(placeAll[index]!) === placeAll[index] && isSame(line, placeAll[index]!),
  );
  const [search, replace] = isFancy ? [edit.search.map(plainPunctuation), edit.replace.map(plainPunctuation)] : [edit.search, edit.replace];
  const operations = operationsOf(search, replace);
  const kept = operations.filter((one) => one.kind === "keep").length;
  const indent = indentation({ search, replace, place, unit, beside, hasKept: kept > 0 }, operations);
  const respell = spelling(quotedAll, placeAll);
  const misremembered = new Set(search.flatMap((line, index) => unknownWords(line, place[index]!)));
  const lines: string[] = [];
  for (const one of operations) {
    if (one.kind === "keep") {
      lines.push(place[one.at]!);
      continue;
    }
    const isPaired = one.removed.length === one.added.length;
    for (const [index, line] of one.added.entries()) {
      const at = isPaired ? one.removed[index]! : undefined;
      const margin = indent(line, at === undefined ? undefined : { search: search[at]!, place: place[at]! });
      if (margin === undefined) return { ok: false, doubt: "indentation" };
      let text = line.trim() === "" ? "" : respell(contentOf(line));
      if (at !== undefined && !isSame(search[at]!, place[at]!)) {
        const both = merge3(contentOf(search[at]!), contentOf(place[at]!), text);
        if (both === undefined) return { ok: false, doubt: "stale" };
        text = both;
      }
      if (wordsOf(text).some((word) => misremembered.has(word))) return { ok: false, doubt: "stale" };
      lines.push(text === "" ? "" : margin + text);
    }
  }
  return { ok: true, lines };
}

type Operation = { kind: "keep"; at: number } | { kind: "change"; removed: number[]; added: string[] };

function operationsOf(search: string[], replace: string[]): Operation[] {
  const operations: Operation[] = [];
  let at = 0;
  const change = (): Extract<Operation, { kind: "change" }> => {
    const last = operations.at(-1);
    if (last?.kind === "change") return last;
    const made: Extract<Operation, { kind: "change" }> = { kind: "change", removed: [], added: [] };
    operations.push(made);
    return made;
  };
  for (const part of diffArrays(search, replace, { comparator: (a, b) => a.trimEnd() === b.trimEnd() })) {
    if (part.added) change().added.push(...part.value);
    else
      for (let i = 0; i < part.value.length; i++, at++) {
        if (part.removed) change().removed.push(at);
        else operations.push({ kind: "keep", at });
      }
  }
  return operations;
}

/** The indentation of each replacement line; undefined when it is unclear. */
function indentation(
  { search, replace, place, unit, beside, hasKept }: Edit & { hasKept: boolean },
  operations: Operation[],
): (line: string, pair: { search: string; place: string } | undefined) => string | undefined {
  const known = new Map<string, string | null>();
  const learn = (quoted: string[], own: string[]): Map<string, string | null> => {
    const found = new Map<string, string | null>();
    for (const [index, line] of quoted.entries()) {
      if (line.trim() === "") continue;
      const from = marginOf(line);
      const to = marginOf(own[index]!);
      found.set(from, found.has(from) && found.get(from) !== to ? null : to);
    }
    return found;
  };
  for (const [from, to] of learn(search, place)) known.set(from, to);
  for (const [from, to] of learn(beside?.search ?? [], beside?.place ?? [])) if (!known.has(from) && to !== null) known.set(from, to);
  const isVerbatim = [...known].every(([from, to]) => from === to);
  if (isVerbatim) return marginOf;
  const removed = operations.flatMap((one) => (one.kind === "change" ? one.removed : [])).filter((at) => search[at]!.trim() !== "");
  // The removed lines were quoted with the file's indentation, so the new lines use it too.
  if (removed.some((at) => marginOf(search[at]!) !== "") && removed.every((at) => marginOf(search[at]!) === marginOf(place[at]!)))
    return marginOf;
  if (!hasKept && replace.some((line) => line.trim() !== "")) {
    // No quoted line is kept, so the replacement may have the model's indentation or the file's.
    const [theirs, quoted, files] = [replace, search, place].map(outerMargin);
    if (theirs !== quoted) return theirs === files ? marginOf : () => undefined;
  }
  const step = stepOf([...search, ...replace, ...(beside?.search ?? [])]);
  const shift = uniformShift(known);
  const derive = (margin: string): string | undefined => {
    if (shift) return shift(margin);
    const bases = [...known].flatMap(([from, to]) => (to === null ? [] : [{ from, to, levels: levelsBetween(from, margin, step) }]));
    const answers = bases.flatMap(({ to, levels }) => (levels === undefined ? [] : [{ levels, made: shifted(to, levels, unit) }]));
    const nearest = answers.toSorted((a, b) => Math.abs(a.levels) - Math.abs(b.levels))[0];
    return nearest?.made;
  };
  return (line, pair) => {
    if (line.trim() === "") return "";
    const margin = marginOf(line);
    const found = known.get(margin);
    if (typeof found === "string") return found;
    if (pair && marginOf(pair.search) === margin) return marginOf(pair.place);
    return found === null ? undefined : derive(margin);
  };
}

/** The indentation, without the space before the star of a block comment. */
const marginOf = (line: string): string => {
  const margin = /^[^\S\r\n]*/.exec(line)![0];
  return line[margin.length] === "*" && /[^\S\t]$/.test(margin) ? margin.slice(0, -1) : margin;
};
const contentOf = (line: string): string => {
  const text = line.slice(marginOf(line).length).trimEnd();
  return text.startsWith("*") || !text.trimStart().startsWith("*") ? text : ` ${text.trimStart()}`;
};

/** If several levels were shifted equally, so were the others. */
function uniformShift(known: Map<string, string | null>): ((margin: string) => string | undefined) | undefined {
  const pairs = [...known].filter((pair): pair is [string, string] => pair[1] !== null);
  if (pairs.length < 2) return undefined;
  const [from, to] = pairs[0]!;
  const added = to.endsWith(from) ? to.slice(0, to.length - from.length) : undefined;
  const removed = from.endsWith(to) ? from.slice(0, from.length - to.length) : undefined;
  if (added !== undefined && pairs.every(([a, b]) => added + a === b)) return (margin) => added + margin;
  if (removed !== undefined && pairs.every(([a, b]) => a === removed + b))
    return (margin) => (margin.startsWith(removed) ? margin.slice(removed.length) : undefined);
  return undefined;
}

function outerMargin(lines: string[]): string {
  const margins = lines.filter((line) => line.trim() !== "").map(marginOf);
  return margins.toSorted((a, b) => a.length - b.length)[0] ?? "";
}

/** One level of indentation in these lines; undefined when they have only one. */
function stepOf(lines: string[]): string | undefined {
  const margins = lines.filter((line) => line.trim() !== "").map(marginOf);
  if (margins.some((margin) => margin.includes("\t"))) return "\t";
  const widths = [...new Set(margins.map((margin) => margin.length))].toSorted((a, b) => a - b);
  const gaps = widths.slice(1).map((width, index) => width - widths[index]!);
  // One space is no indentation: something else is wrong.
  return gaps.length === 0 || Math.min(...gaps) < 2 ? undefined : " ".repeat(Math.min(...gaps));
}

function levelsBetween(from: string, to: string, step: string | undefined): number | undefined {
  if (step === undefined) return undefined;
  const isPlain = step === "\t" ? /^\t*$/ : /^[^\S\t]*$/u;
  if (!isPlain.test(from) || !isPlain.test(to)) return undefined;
  const levels = (to.length - from.length) / step.length;
  return Number.isInteger(levels) ? levels : undefined;
}

function shifted(margin: string, levels: number, unit: string): string | undefined {
  if (levels >= 0) return margin + unit.repeat(levels);
  const extra = unit.repeat(-levels);
  return margin.endsWith(extra) ? margin.slice(0, margin.length - extra.length) : undefined;
}

/** One level of the text's indentation: a tab, or the most frequent step between adjacent lines. */
export function indentUnit(text: string): string {
  const counts = new Map<number, number>();
  let tabs = 0;
  let before = 0;
  for (const line of text.split("\n", 2_000)) {
    if (line.trim() === "") continue;
    const margin = marginOf(line);
    if (margin.startsWith("\t")) tabs++;
    else {
      const step = margin.length - before;
      if (step > 1) counts.set(step, (counts.get(step) ?? 0) + 1);
      before = margin.length;
    }
  }
  const [best] = [...counts].toSorted((a, b) => b[1] - a[1]);
  if (!best || tabs > best[1]) return tabs > 0 ? "\t" : "  ";
  return " ".repeat(best[0]);
}

/** Converts tabs in new lines for a file that is indented with spaces only. */
export function withoutForeignTabs(lines: string[], text: string): string[] {
  if (!lines.some((line) => line.startsWith("\t")) || /^[^\S\n]*\t/m.test(text) || !/^ {2,}[^*\s]/m.test(text)) return lines;
  const unit = indentUnit(text);
  return lines.map((line) => line.replace(/^\t+/, (tabs) => unit.repeat(tabs.length)));
}

/** Equal except for white space and typographic characters. */
export const isSame = (a: string, b: string): boolean => plainLine(a) === plainLine(b);
export const plainLine = (line: string): string => plainPunctuation(line).trim().replaceAll(/\s+/g, " ");

/** Replaces typographic dashes, quotes and spaces by plain ones, and drops invisible characters. */
export function plainPunctuation(line: string): string {
  return line
    .replaceAll(/[\u2010-\u2015\u2212]/g, "-")
    .replaceAll(/[\u2018-\u201B]/g, "'")
    .replaceAll(/[\u201C-\u201F]/g, '"')
    .replaceAll("\u2026", "...")
    .replaceAll(/[\u00A0\u2002-\u200A\u202F\u205F\u3000]/g, " ")
    .replaceAll(/[\u200B\u2060\uFEFF]/g, "");
}

/** Restores the space before the stars of a block comment that was lost with the indentation. */
function spelling(search: string[], place: string[]): (line: string) => string {
  const isStarred = search.some(
    (line, index) => /^\s*\*/.test(line) && contentOf(line).startsWith("*") && contentOf(place[index]!).startsWith(" *"),
  );
  return (line) => (isStarred && line.startsWith("*") ? ` ${line}` : line);
}

export const wordsOf = (text: string): string[] => text.match(/[\p{L}\p{N}_$]+/gu) ?? [];

/** Words of a quoted line that are not in the file's line. */
function unknownWords(quoted: string, own: string): string[] {
  if (isSame(quoted, own)) return [];
  const there = new Set(wordsOf(own));
  return wordsOf(quoted).filter((word) => !there.has(word));
}

const tokensOf = (text: string): string[] => text.match(/[\p{L}\p{N}_$]+|\s+|[^\p{L}\p{N}_$\s]/gu) ?? [];

interface Change {
  start: number;
  end: number;
  tokens: string[];
}

/** Merges two changes of one line word by word; undefined when both changed the same words, unless the requested line rewrites more around them. */
function merge3(quoted: string, own: string, wanted: string): string | undefined {
  const base = tokensOf(quoted);
  const theirs = changesOf(base, tokensOf(wanted));
  const ours: Change[] = [];
  for (const one of changesOf(base, tokensOf(own))) {
    const rival = theirs.find((other) => one.start <= other.end && other.start <= one.end);
    if (!rival) ours.push(one);
    else if (rival.tokens.join("") === one.tokens.join("") && rival.start === one.start && rival.end === one.end) continue;
    else if (!(rival.start <= one.start && one.end <= rival.end && rival.end - rival.start > one.end - one.start)) return undefined;
  }
  const all = [...ours, ...theirs].toSorted((a, b) => b.start - a.start);
  for (const { start, end, tokens } of all) base.splice(start, end - start, ...tokens);
  return base.join("");
}

function changesOf(base: string[], other: string[]): Change[] {
  const changes: Change[] = [];
  let at = 0;
  for (const part of diffArrays(base, other)) {
    const last = changes.at(-1);
    if (part.removed) {
      if (last && last.end === at && last.end === last.start) last.end += part.value.length;
      else changes.push({ start: at, end: at + part.value.length, tokens: [] });
      at += part.value.length;
    } else if (part.added) {
      if (last && last.end === at) last.tokens.push(...part.value);
      else changes.push({ start: at, end: at, tokens: [...part.value] });
    } else at += part.value.length;
  }
  return changes;
}
