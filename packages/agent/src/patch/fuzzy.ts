import { plainLine } from "./merge.ts";
import type { Quotation } from "./quotation.ts";
import { applyToLines, linesOf, type EditedText, type Replacement } from "./replacement.ts";

export const fuzzyThreshold = 0.8;
/** Two fuzzy places closer than this are equally good. */
const fuzzyMargin = 0.05;
/** Maximum line comparisons of a fuzzy search; beyond, the result is "not found". */
const fuzzyBudget = 600_000;
/** The same in compared characters, because long lines take quadratic time and block the event loop. */
const cellBudget = 50_000_000;
/** Minimum similarity of a quoted line. */
const minLineSimilarity = 0.5;
/** Share of the quoted lines that may differ. */
const maxStaleShare = 0.3;

/** Cached line comparisons, and their cost. */
interface Comparisons {
  known: Map<string, number>;
  cells: number;
}

/** The most similar place, if no other is about as similar. Too large a search finds nothing. */
export function fuzzy(file: EditedText, { search, replace, isNumbered }: Quotation): Replacement {
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
  return applyToLines(file, top.index, top.index + wanted.length, { search, replace }, "fuzzy", top.score);
}

/** Whether a similar place is the quoted one: few lines differ, none by much, and none declares another name. */
function isMeant(search: string[], place: string[], memo: Comparisons): boolean {
  const pairs = search
    .map((line, index): [string, string] => [plainLine(line), plainLine(place[index]!)])
    .filter(([a, b]) => a !== "" || b !== "");
  const differing = pairs.filter(([a, b]) => a !== b);
  if (differing.some(([a, b]) => lineSimilarity(a, b, memo) < minLineSimilarity)) return false;
  if (differing.some(([a, b]) => nameIn(a) !== nameIn(b))) return false;
  if (differing.length <= pairs.length * maxStaleShare) return true;
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
