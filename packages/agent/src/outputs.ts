import { textOf, type Message } from "./conversation.ts";

/** Full tool output of this run that was truncated for the model. */
export interface Outputs {
  /** Returns an id. */
  store(text: string): string;
  /** The text; undefined when it is not stored (any longer). */
  read(id: string): string | undefined;
}

const maxStoredChars = 4_000_000;

/**
 * Bounded: the oldest texts are dropped first, and a text that is too large is truncated. Ids that are in the conversation are of earlier runs, whose
 * output is gone, and are not used again.
 */
export function createOutputs(conversation: readonly Message[] = []): Outputs {
  const kept = new Map<string, string>();
  let serial = lastId(conversation);
  let used = 0;
  return {
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

function lastId(conversation: readonly Message[]): number {
  const results = conversation.flatMap((message) => (message.role === "tool" ? message.parts.map(textOf) : []));
  const ids = results.flatMap((text) => [...text.matchAll(/"output_id": "o(\d{1,9})"/g)].map((match) => Number(match[1])));
  return Math.max(0, ...ids);
}
