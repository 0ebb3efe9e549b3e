import type { FoundCall } from "@tesslate/text-calls";
import { textOf as textOfMessage, type ModelMessage } from "../conversation.ts";

/** Maximum letters and digits between the parts of a call, in any notation. */
const maxGap = 80;
/** Shorter values occur in too many texts to identify a call. */
const minValues = 16;

/** Letters and digits only, so that punctuation and notation do not matter. */
const plain = (text: string): string => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, "");

/**
 * Detects calls that the model only repeats from pages, files, logs and messages that it has read: their authors may want them to be executed (prompt
 * injection). A call that occurs there literally is a quotation.
 */
export function createQuotation(messages: readonly ModelMessage[]): (call: FoundCall, text: string) => boolean {
  const textOf = (role: ModelMessage["role"]): string =>
    plain(messages.flatMap((one) => (one.role === role ? [textOfMessage(one)] : [])).join("\n"));
  let read: { known: string; words: string } | undefined;
  return (call, text) => {
    read ??= { known: textOf("tool"), words: textOf("user") };
    const { known, words } = read;
    const whole = plain(text);
    if (whole !== "" && (known.includes(whole) || words.includes(whole))) return true;
    const name = plain(call.name);
    const parts = partsOf(call.arguments);
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    if (name === "" || size < minValues) return false;
    // The same call in another notation: its name with all of its parameters nearby. Messages of the person are exempt.
    const reach = size + maxGap * (parts.length + 1);
    for (let at = known.indexOf(name); at !== -1; at = known.indexOf(name, at + name.length)) {
      const around = known.slice(Math.max(0, at - reach), at + name.length + reach);
      if (parts.every((part) => around.includes(part))) return true;
    }
    return false;
  };
}

/** Names and values of the parameters; the whole text if it is not JSON. */
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
