import type { QuestionAsked } from "@tesslate/contract";
import type { QuestionAnswer } from "./QuestionCard.tsx";

type Asked<K> = Extract<QuestionAsked, { kind: K }>;

/** A typed text as an answer: one of the choices, or the text itself. A sentence if the question takes only its choices. */
export function typedAnswer({ choices, allows_text: allowsText }: Asked<"question">, text: string): QuestionAnswer | string {
  const choice = choices.find(({ label }) => label.toLowerCase() === text.toLowerCase());
  if (choice) return { choices: [choice.label], text: null };
  return allowsText ? { choices: [], text } : `Must be one of: ${choices.map(({ label }) => label).join(", ")}.`;
}

/** The value in a text that may also be `NAME=value`. */
export function typedSecret(name: string, text: string): string {
  const assigned = text.startsWith(name) || text.startsWith("export ") ? /^(?:export\s+)?(\w+)\s*[=:]\s*([\s\S]+)$/.exec(text) : null;
  const value = assigned?.[1] === name ? (assigned[2] ?? "") : text;
  return /^(["'])([\s\S]*)\1$/.exec(value)?.[2] ?? value;
}
