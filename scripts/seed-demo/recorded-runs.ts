import type { TranscriptEvent } from "@tesslate/contract";
import { requests } from "./content.ts";
import { createRandom } from "./random.ts";
import { dayMs, iso, type Rows } from "./rows.ts";
import { models } from "./work.ts";

const nobody = "00000000-0000-4000-8000-000000000000";

/** The run that the page of an agent shows: it reads, changes, fails a test, corrects itself, and passes. */
export function addRecordedRun(rows: Rows, { agentId, name, published }: { agentId: string; name: string; published: number }): void {
  const random = createRandom(`recorded run ${name}`);
  const topic = random.pick(requests);
  const model = random.pick(models);
  const began = published - random.between(1, 9) * dayMs;
  const test = topic.path.replace(/\.tsx?$/, ".test.ts");
  const events: TranscriptEvent[] = [];
  let at = began;
  const emit = (type: TranscriptEvent["type"], data: object, afterMs = 400) => {
    at += afterMs;
    events.push({ seq: events.length + 1, task_id: nobody, ts: iso(at), type, data } as TranscriptEvent);
  };
  let iteration = 0;
  /** One call of a tool with its result. */
  const step = (
    tool: { name: string; parameters: Record<string, unknown>; result: Record<string, unknown>; isFailed?: boolean },
    { text = "", tookMs, edit }: { text?: string; tookMs: number; edit?: { op: "add" | "update"; path: string; diff: string } },
  ) => {
    iteration += 1;
    if (text) emit("text_chunk", { content: text, iteration }, 2_000);
    const call = { name: tool.name, parameters: tool.parameters };
    emit("tool_started", { iteration, tools: [call], timestamp: iso(at) }, 1_500);
    if (edit) emit("file_changed", edit, tookMs / 2);
    const result = { success: !tool.isFailed, tool: tool.name, result: tool.result };
    emit(
      "agent_step",
      {
        iteration,
        thought: null,
        tool_calls: [call],
        tool_results: [result],
        response_text: text,
        timestamp: iso(at + tookMs),
        is_complete: false,
      },
      tookMs,
    );
  };
  const write = (path: string, op: "add" | "update", diff: string, text = "") =>
    step(
      {
        name: op === "add" ? "write_file" : "edit_file",
        parameters: { file_path: path },
        result: { message: `Wrote ${path}`, file_path: path },
      },
      { text, tookMs: 700, edit: { op, path, diff } },
    );
  const runTests = (text: string, output: string, isFailed: boolean) =>
    step(
      {
        name: "run_command",
        parameters: { command: "npm test" },
        result: { message: `Exit code ${isFailed ? 1 : 0}`, exit_code: isFailed ? 1 : 0, output },
        isFailed,
      },
      { text, tookMs: random.between(3_000, 9_000) },
    );
  const diffOf = (path: string, removed: readonly string[], added: readonly string[]) =>
    [
      `--- a/${path}`,
      `+++ b/${path}`,
      `@@ -1,${removed.length + 1} +1,${added.length + 1} @@`,
      ' import { open } from "./store.ts";',
      ...removed.map((line) => `-${line}`),
      ...added.map((line) => `+${line}`),
      "",
    ].join("\n");

  emit("task_started", { chat_id: nobody, message_id: nobody, agent_id: null, model: model.id, edit_mode: "allow" });
  step(
    { name: "read_file", parameters: { file_path: topic.path }, result: { message: `Read ${topic.path}`, file_path: topic.path } },
    { text: "I’ll look at what exists first.", tookMs: 120 },
  );
  write(
    test,
    "add",
    diffOf(
      test,
      [],
      [
        'import { test, expect } from "vitest";',
        "",
        `test("${topic.title.toLowerCase()}", () => {`,
        "  expect(open().length).toBe(3);",
        "});",
      ],
    ),
    "A test first, so that we see when it works.",
  );
  write(
    topic.path,
    "update",
    diffOf(
      topic.path,
      ["export const rows = [];"],
      ["export const rows = open();", "", "export const shown = rows.filter(({ isHidden }) => !isHidden);"],
    ),
  );
  runTests("", `✗ ${topic.title.toLowerCase()}\n  expected 3, received 4\n\n1 failed, 13 passed (1.4 s)`, true);
  write(
    topic.path,
    "update",
    diffOf(topic.path, ["export const rows = open();"], ["export const rows = open({ hidden: false });"]),
    "Hidden entries are counted. The store should leave them out.",
  );
  runTests("", "✓ 14 tests passed (1.2 s)", false);
  emit("text_chunk", { content: topic.answer, iteration: iteration + 1 }, 2_500);
  emit("complete", {
    success: true,
    iterations: iteration + 1,
    final_response: topic.answer,
    tool_calls_made: iteration,
    completion_reason: "no_more_actions",
    changes: { files: 2, additions: 9, deletions: 2 },
  });
  emit("done", {}, 50);
  rows.recordedRuns.push({
    agent_id: agentId,
    message: topic.ask,
    model: model.id,
    ran_at: iso(began),
    duration_ms: at - began,
    events,
    created_at: iso(published),
  });
}
