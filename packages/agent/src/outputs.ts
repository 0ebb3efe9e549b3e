/** Full tool output of this run that was truncated for the model. */
export interface Outputs {
  isEmpty(): boolean;
  /** Returns an id. */
  store(text: string): string;
  /** The text; undefined when it is not stored (any longer). */
  read(id: string): string | undefined;
}

const maxStoredChars = 4_000_000;

/** Bounded: the oldest texts are dropped first, and a text that is too large is truncated. */
export function createOutputs(): Outputs {
  const kept = new Map<string, string>();
  let serial = 0;
  let used = 0;
  return {
    isEmpty: () => serial === 0,
    store(text) {
      const id = `o${++serial}`;
      const cut = text.slice(0, maxStoredChars);
      kept.set(id, cut);
      used += cut.length;
      for (const [oldest, value] of kept) {
        if (used <= maxStoredChars) break;
        kept.delete(oldest);
        used -= value.length;
      }
      return id;
    },
    read: (id) => kept.get(id),
  };
}
