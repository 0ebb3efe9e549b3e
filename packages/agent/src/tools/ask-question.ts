import { Type } from "typebox";
import type { UserAnswer } from "../user-questions.ts";
import { defineTool, done, failed } from "../tool.ts";
import type { ToolOutput } from "../tool-call.ts";
import { free } from "./gates.ts";

/** A call that waits for a person has no timeout; the `ask` hook has one. */
export const userTimeLimitMs = 24 * 3_600_000;

export const askQuestion = defineTool({
  name: "ask_question",
  category: "conversation",
  description: "Ask the person, and wait. Only when a wrong guess would waste their work; offer choices.",
  parameters: Type.Object({
    question: Type.String({ minLength: 1, maxLength: 1_000 }),
    choices: Type.Optional(
      Type.Array(
        Type.Object({
          label: Type.String({ minLength: 1, maxLength: 120 }),
          description: Type.Optional(Type.String({ maxLength: 400 })),
        }),
        { maxItems: 6 },
      ),
    ),
    multiple: Type.Optional(Type.Boolean()),
    free_text: Type.Optional(Type.Boolean({ default: true })),
  }),
  gate: free,
  asksUser: true,
  timeLimitMs: () => userTimeLimitMs,
  async run({ question, choices = [], multiple = false, free_text = true }, context) {
    if (!context.ask) return failed("Nobody can be asked here. Decide by yourself and say what you assumed.");
    // Equal labels could not be distinguished in the answer.
    const offered = [...new Map(choices.map((choice) => [choice.label, choice])).values()];
    const answer = await context.ask({
      kind: "question",
      question,
      choices: offered,
      is_multiple: multiple && offered.length > 1,
      allows_text: free_text || offered.length === 0,
    });
    return outputOf(answer);
  },
});

function outputOf(answer: UserAnswer): ToolOutput {
  switch (answer.outcome) {
    case "timeout":
      return failed("No one answered in time. Decide by yourself what is safe to assume, say so, or stop here.");
    case "declined":
      return done("The person skipped the question: decide by yourself.", { answered: false });
    case "answered": {
      const picked = answer.choices.join("; ");
      const words = answer.text?.trim() ?? "";
      const text = picked !== "" && words !== "" ? `${picked}. They add: ${words}` : picked + words;
      return done(`The person answered: ${text}`, { answered: true });
    }
  }
}
