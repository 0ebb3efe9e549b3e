import type { Message } from "../model-client.ts";
import type { FoundCall } from "./find-calls.ts";

/** Between the parts of a call in any notation stands at most so much, letters and digits alone. */
const maxGap = 80;
/** Shorter values are in too many texts to tell whose call it is. */
const minValues = 16;

/** Letters and digits alone: neither marks of quotation nor another notation makes it a different text. */
const plain = (text: string): string => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "");

/**
 * Tells calls that a model means from those that it only repeats: pages, files, logs and messages that it has read may hold calls, which their
 * authors want to be run. What stands there word for word is a quotation wherever it stands in the reply.
 */
export function createQuotation(messages: readonly Message[]): (call: FoundCall, text: string) => boolean {
  const said = (role: Message["role"]): string => plain(messages.flatMap((one) => (one.role === role ? [one.content] : [])).join("\n"));
  let read: { known: string; words: string } | undefined;
  return (call, text) => {
    read ??= { known: said("tool"), words: said("user") };
    const { known, words } = read;
    const whole = plain(text);
    if (whole !== "" && (known.includes(whole) || words.includes(whole))) return true;
    const name = plain(call.name);
    const parts = partsOf(call.arguments);
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    if (name === "" || size < minValues) return false;
    // The same call in another notation: its name, and all of its parameters around it. A person may ask for it in words.
    const reach = size + maxGap * (parts.length + 1);
    for (let at = known.indexOf(name); at !== -1; at = known.indexOf(name, at + name.length)) {
      const around = known.slice(Math.max(0, at - reach), at + name.length + reach);
      if (parts.every((part) => around.includes(part))) return true;
    }
    return false;
  };
}

/** Names and values of the parameters; of what is no JSON, all of it. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  const add = (value: unknown): void => {
    if (typeof value === "object" && value !== null)
      for (const [key, inside] of Object.entries(value)) {
        if (!Array.isArray(value)) add(key);
        add(inside);
      }
    else parts.push(plain(String(value)));
  };
  try {
    add(JSON.parse(text));
  } catch {
    return [plain(text)];
  }
  return parts;
}
