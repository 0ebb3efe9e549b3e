export interface SearchOptions {
  text: string;
  isRegex: boolean;
  isCaseSensitive: boolean;
}
/** One file as it is and as it would be. */
export interface Replacement {
  path: string;
  etag: string;
  before: string;
  after: string;
  count: number;
}

/** What the search means to the browser, line by line as the server reads it; a sentence when it means nothing. */
export function patternOf({ text, isRegex, isCaseSensitive }: SearchOptions): RegExp | string {
  try {
    return new RegExp(isRegex ? text : text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), isCaseSensitive ? "gm" : "gim");
  } catch {
    return "The browser does not understand this expression, so nothing can be replaced with it.";
  }
}

/** `$1` and the like count in expressions alone; a plain text is put in as it stands. */
export function replaced(before: string, pattern: RegExp, by: string, isRegex: boolean): { after: string; count: number } {
  const hits = [...before.matchAll(pattern)];
  // An expression that also matches nothing at all would be put in between all letters.
  if (hits.some(([hit]) => hit === "")) return { after: before, count: 0 };
  return { after: isRegex ? before.replace(pattern, by) : before.replace(pattern, () => by), count: hits.length };
}

export const hitsIn = (list: readonly Pick<Replacement, "count">[]): number => list.reduce((sum, { count }) => sum + count, 0);
