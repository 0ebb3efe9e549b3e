/** How well `text` answers `query`, 0 (not at all) .. 1 (is it). Whole, prefix, word starts, inside, letters in order. */
export function scoreOf(text: string, query: string): number {
  const hay = text.toLowerCase();
  const needle = query.trim().toLowerCase();
  if (!needle) return 1;
  if (hay === needle) return 1;
  const length = Math.min(1, needle.length / hay.length) * 0.05;
  if (hay.startsWith(needle)) return 0.9 + length;
  const at = hay.indexOf(needle);
  if (at > 0) return (/[\s/._-]/.test(hay[at - 1] ?? "") ? 0.75 : 0.55) + length;
  if (needle.includes(" ")) {
    const parts = needle.split(/\s+/);
    if (parts.every((part) => hay.includes(part))) return 0.5 + length;
  }
  let from = 0;
  let gaps = 0;
  for (const letter of needle.replace(/\s/g, "")) {
    const found = hay.indexOf(letter, from);
    if (found < 0) return 0;
    gaps += found - from;
    from = found + 1;
  }
  const tightness = needle.length / (needle.length + gaps);
  return tightness < 0.34 ? 0 : 0.3 * tightness + length;
}

/** Best first, misses dropped, equal ones in their given order. */
export function rank<T>(items: readonly T[], query: string, textOf: (item: T) => string): T[] {
  return items
    .map((item, index) => ({ item, index, score: scoreOf(textOf(item), query) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .map(({ item }) => item);
}

interface Named {
  title: string;
  hint?: string;
  /** Other words that name it. */
  words?: string;
}
/**
 * How well an item answers, 0 .. 1: by its title; by its other words, of which a whole one counts more than the start of a title; less by words of
 * all of these together, and by its hint.
 */
export function scoreOfNamed({ title, hint = "", words = "" }: Named, query: string): number {
  const needle = query.trim().toLowerCase().replace(/\s+/g, " ");
  const direct = scoreOf(title, needle);
  if (!needle) return direct;
  const others = words.toLowerCase();
  if (` ${others} `.includes(` ${needle} `)) return Math.max(direct, 0.94);
  const all = `${title} ${hint} ${others}`.toLowerCase().split(/[\s/._-]+/);
  if (others.split(" ").some((word) => word.startsWith(needle))) return Math.max(direct, 0.6);
  return needle.split(" ").every((part) => all.some((word) => word.startsWith(part))) ? Math.max(direct, 0.5) : direct;
}
