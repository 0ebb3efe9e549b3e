import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { UserAnswer } from "./user-questions.ts";
import { answer, call, calls, play } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";
import type { AgentDeps } from "./agent-deps.ts";
import type { PendingBatch } from "./pending-batch.ts";
import { RunInterrupted } from "./run-options.ts";

let workspace: Awaited<ReturnType<typeof tempWorkspace>>;
beforeEach(async () => {
  workspace = await tempWorkspace({ "a.txt": "one\n" });
});
afterEach(() => workspace[Symbol.asyncDispose]());

const which = {
  question: "Which database?",
  choices: [{ label: "Postgres", description: "Grows with you" }, { label: "SQLite" }, { label: "SQLite" }],
};
const answering = (given: UserAnswer | "never"): Pick<AgentDeps, "ask"> => ({
  ask: async () => (given === "never" ? new Promise<never>(() => undefined) : given),
});

describe("ask_question", () => {
  test.each([
    [{ outcome: "answered", choices: ["SQLite"], text: null }, true, "The person answered: SQLite"],
    [{ outcome: "answered", choices: [], text: "MySQL, please" }, true, "The person answered: MySQL, please"],
    [{ outcome: "answered", choices: ["Postgres"], text: "version 17" }, true, "The person answered: Postgres. They add: version 17"],
    [{ outcome: "declined", text: null }, true, "skipped the question"],
    [{ outcome: "timeout" }, false, "No one answered in time"],
  ] satisfies [UserAnswer, boolean, string][])("%o", async (given, success, words) => {
    const run = await play(workspace, [calls(call("ask_question", which)), answer("Fine.")], {
      editMode: "plan",
      deps: answering(given),
    });
    expect(run.order.filter((type) => type !== "charge")).toEqual([
      "tool_started",
      "question_asked",
      "agent_step",
      "text_chunk",
      "complete",
    ]);
    expect(run.first("question_asked").data).toMatchObject({
      kind: "question",
      tool_name: "ask_question",
      question: "Which database?",
      choices: [{ label: "Postgres", description: "Grows with you" }, { label: "SQLite" }],
      is_multiple: false,
      allows_text: true,
    });
    const [result] = run.first("agent_step").data.tool_results;
    expect(result).toMatchObject({ success, tool: "ask_question" });
    expect(JSON.stringify(run.client.requests[1]!.messages.at(-1))).toContain(words);
    expect(run.result).toMatchObject({ success: true, final_response: "Fine." });
  });

  test("is not offered without an ask hook, and fails when the model calls it anyway", async () => {
    const run = await play(workspace, [calls(call("ask_question", which)), answer("I take SQLite.")]);
    expect(run.client.requests[0]!.tools.map((tool) => tool.name)).not.toContain("ask_question");
    expect(run.first("agent_step").data.tool_results[0]).toMatchObject({ success: false, error: expect.stringContaining("no tool") });
  });

  test("waiting does not count as working time, and a cancel ends it", async () => {
    const run = await play(workspace, [calls(call("ask_question", which))], {
      deps: answering("never"),
      onEvent: (event, abort) => event.type === "question_asked" && setTimeout(() => abort.abort(), 30),
      limits: { max_run_ms: 10_000 },
    });
    expect(run.result).toMatchObject({ completion_reason: "cancelled" });
    expect(run.result.resource_stats.duration_ms).toBeLessThan(10_000);
  });

  test("an interrupted run resumes with the same question, and does not repeat earlier calls", async () => {
    const batch = calls(call("write_file", { file_path: "b.txt", content: "b" }), call("ask_question", which));
    const first = await play(workspace, [batch], {
      deps: answering("never"),
      onEvent: (event, abort) => event.type === "question_asked" && abort.abort(new RunInterrupted()),
    });
    expect(first.result.error_code).toBe("interrupted");
    const pending = JSON.parse(JSON.stringify(first.first("question_asked").pending)) as PendingBatch;
    const second = await play(workspace, [answer("Good.")], {
      conversation: first.appended,
      resumes: { iteration: 0, tool_calls_made: 0, reason: "interrupted" },
      pending,
      deps: answering({ outcome: "answered", choices: ["Postgres"], text: null }),
    });
    expect(second.first("question_asked").data.question_id).toBe(first.first("question_asked").data.question_id);
    expect(second.all("file_changed")).toHaveLength(0);
    expect(second.first("agent_step").data.tool_results.map((result) => result.success)).toEqual([true, true]);
  });

  test("a failure of the caller ends the run instead of becoming a result", async () => {
    const run = await play(workspace, [calls(call("ask_question", which)), answer("Not reached.")], {
      deps: { ask: async () => Promise.reject(new Error("the database is away")) },
    });
    expect(run.result).toMatchObject({ success: false, error_code: "internal_error" });
    expect(run.client.requests).toHaveLength(1);
  });
});
