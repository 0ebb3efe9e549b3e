/** What tools answered beyond what the model was told, for this run. */
export interface Outputs {
  isEmpty(): boolean;
  /** Keeps a text and names it. */
  keep(text: string): string;
  /** A page of it; undefined when it is not (or no longer) kept. */
  read(id: string, offset: number, maxChars: number): { text: string; total: number } | undefined;
}

const maxKeptChars = 4_000_000;

/** Bounded: the oldest go first; one that alone is too large is kept cut. */
export function createOutputs(): Outputs {
  const kept = new Map<string, string>();
  let serial = 0;
  let used = 0;
  return {
    isEmpty: () => serial === 0,
    keep(text) {
      const id = `o${++serial}`;
      const cut = text.slice(0, maxKeptChars);
      kept.set(id, cut);
      used += cut.length;
      for (const [oldest, value] of kept) {
        if (used <= maxKeptChars) break;
        kept.delete(oldest);
        used -= value.length;
      }
      return id;
    },
    read(id, offset, maxChars) {
      const text = kept.get(id);
      return text === undefined ? undefined : { text: text.slice(offset, offset + maxChars), total: text.length };
    },
  };
}
