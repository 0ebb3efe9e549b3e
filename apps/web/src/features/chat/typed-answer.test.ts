import { expect, test } from "vitest";
import { typedAnswer, typedSecret } from "./typed-answer.ts";

const question = (allows_text: boolean) => ({
  kind: "question" as const,
  question_id: "1",
  tool_name: "ask_user",
  question: "Which database?",
  choices: [{ label: "SQLite" }, { label: "PostgreSQL" }],
  is_multiple: false,
  allows_text,
});

test.each([
  ["postgresql", true, { choices: ["PostgreSQL"], text: null }],
  ["Use MySQL", true, { choices: [], text: "Use MySQL" }],
  ["sqlite", false, { choices: ["SQLite"], text: null }],
  ["MySQL", false, "Must be one of: SQLite, PostgreSQL."],
])("%s (text allowed: %s)", (text, allowsText, answer) => expect(typedAnswer(question(allowsText), text)).toEqual(answer));

test.each([
  ["sk_live_1", "sk_live_1"],
  ["STRIPE_KEY=sk_live_1", "sk_live_1"],
  ['export STRIPE_KEY="sk_live_1"', "sk_live_1"],
  ["'sk_live_1'", "sk_live_1"],
  ["OTHER=sk_live_1", "OTHER=sk_live_1"],
  ["STRIPE_KEY", "STRIPE_KEY"],
])("the value in %s", (text, value) => expect(typedSecret("STRIPE_KEY", text)).toBe(value));
