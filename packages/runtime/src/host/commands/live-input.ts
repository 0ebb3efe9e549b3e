import { once } from "node:events";
import type { Writable } from "node:stream";

export type LiveInput = AsyncIterable<string | Uint8Array>;
export const isLive = (input: unknown): input is LiveInput => typeof input === "object" && input !== null && Symbol.asyncIterator in input;

/**
 * Writes input as it arrives, at the program's pace, and closes the program's input at the end. Never rejects: a program may exit without
 * reading.
 */
export async function feed(input: LiveInput, to: Writable): Promise<void> {
  to.on("error", () => {});
  try {
    for await (const chunk of input) {
      if (to.destroyed) return;
      if (!to.write(chunk)) await Promise.race([once(to, "drain"), once(to, "close")]);
    }
    to.end();
  } catch {
    to.destroy();
  }
}
