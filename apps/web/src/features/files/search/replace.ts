export interface SearchOptions {
  text: string;
  isRegex: boolean;
  isCaseSensitive: boolean;
}
/** A file before and after the replacement. */
export interface Replacement {
  path: string;
  etag: string;
  before: string;
  after: string;
  count: number;
}

/** The search as a regular expression of the browser, line by line as on the server; the reason if that is not possible. */
export function patternOf({ text, isRegex, isCaseSensitive }: SearchOptions): RegExp | string {
  try {
    return new RegExp(isRegex ? text : text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), isCaseSensitive ? "gm" : "gim");
  } catch {
    return "Your browser doesn't support this regular expression, so it can't be used to replace.";
  }
}

/** `$1` and the like apply to regular expressions only; plain text is inserted literally. */
export function replaced(before: string, pattern: RegExp, by: string, isRegex: boolean): { after: string; count: number } {
  const hits = [...before.matchAll(pattern)];
  // An expression that matches the empty string would insert the text between all characters.
  if (hits.some(([hit]) => hit === "")) return { after: before, count: 0 };
  return { after: isRegex ? before.replace(pattern, by) : before.replace(pattern, () => by), count: hits.length };
}

export const hitsIn = (list: readonly Pick<Replacement, "count">[]): number => list.reduce((sum, { count }) => sum + count, 0);
