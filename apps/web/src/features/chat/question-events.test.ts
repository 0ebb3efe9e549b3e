import { describe, expect, test } from "vitest";
import { chatReducer, emptyChat } from "./chat.reducer.ts";
import type { IncomingRunEvent, QuestionPart } from "./chat.types.ts";
import { answerText } from "./question-events.ts";
import { openQuestions, transcriptRows } from "./transcript-rows.ts";

const at = "2026-03-05T10:00:00Z";
const ev = (seq: number, type: string, data: unknown): IncomingRunEvent => ({ taskId: "t1", seq, at, type, data });
const asked = {
  question_id: "q1",
  tool_name: "ask_question",
  kind: "question",
  question: "Which database?",
  choices: [{ label: "Postgres" }, { label: "SQLite" }],
  is_multiple: false,
  allows_text: true,
};
const secret = { question_id: "q1", tool_name: "request_secret", kind: "secret", secret_key: "STRIPE_KEY", reason: "Pay", container: null };
const begun = (data: { tool_name: string }) => [
  ev(1, "task_started", { chat_id: "c1", message_id: "m1", agent_id: null, model: "m" }),
  ev(2, "tool_started", { iteration: 1, tools: [{ name: data.tool_name, parameters: {} }], timestamp: at }),
  ev(3, "question_asked", data),
];
const resolved = (more: object) =>
  ev(4, "question_resolved", { question_id: "q1", outcome: "answered", choices: [], text: null, by: "u1", at, ...more });
const after = (...events: IncomingRunEvent[]) => chatReducer(emptyChat, { type: "events", events });
const kinds = (state: ReturnType<typeof after>) => transcriptRows(state).map((row) => row.kind);

describe("questions of the agent", () => {
  test("an open one waits above the composer, holds its tool, and appears once however often it is reported", () => {
    const state = after(...begun(asked), ev(4, "question_asked", asked));
    expect(openQuestions(state).map((part) => part.questionId)).toEqual(["q1"]);
    expect(state.runs["t1"]?.status).toBe("waiting");
    expect(state.runs["t1"]?.parts.map((part) => (part.kind === "tool" ? part.status : part.kind))).toEqual(["waiting", "question"]);
    expect(kinds(state)).toEqual(["tool"]);
  });

  test("an answered one stands in the transcript, and the run goes on", () => {
    const state = after(...begun(asked), resolved({ choices: ["SQLite"], text: "version 3" }));
    expect(openQuestions(state)).toEqual([]);
    expect(state.runs["t1"]?.status).toBe("running");
    expect(kinds(state)).toEqual(["tool", "question", "working"]);
  });

  test("what the run did not get an answer to ends with it", () => {
    const end = { success: false, iterations: 1, final_response: "Canceled.", tool_calls_made: 0, completion_reason: "cancelled" };
    const state = after(...begun(asked), ev(4, "complete", end));
    expect(openQuestions(state)).toEqual([]);
    const part = state.runs["t1"]?.parts.find((one) => one.kind === "question");
    expect(answerText(part as QuestionPart)).toBe("Not answered");
  });

  test.each([
    [asked, { choices: ["SQLite"], text: "version 3" }, "SQLite, “version 3”"],
    [asked, { outcome: "declined" }, "Skipped"],
    [asked, { outcome: "timeout" }, "No answer in time"],
    [secret, {}, "STRIPE_KEY is set"],
    [secret, { outcome: "declined" }, "STRIPE_KEY was not provided"],
  ])("%o answered with %o", (data, more, words) => {
    const part = after(...begun(data), resolved(more)).runs["t1"]?.parts.find((one) => one.kind === "question");
    expect(answerText(part as QuestionPart)).toBe(words);
  });
});
