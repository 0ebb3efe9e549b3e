import { expect, test } from "vitest";
import type { TranscriptEvent } from "@tesslate/contract";
import { momentsOf } from "./replay.ts";

const task_id = "00000000-0000-4000-8000-000000000001";
let seq = 0;
const event = (type: string, data: unknown): TranscriptEvent =>
  ({ seq: ++seq, task_id, ts: "2026-01-01T00:00:00Z", type, data }) as TranscriptEvent;
const diff = (removed: number, added: number) =>
  `--- a\n+++ b\n@@ -1,${removed} +1,${added} @@\n${"-x\n".repeat(removed)}${"+y\n".repeat(added)}`;
const turn = (iteration: number, name: string, parameters: Record<string, unknown>, edits: unknown[], isFine = true): TranscriptEvent[] => [
  event("tool_started", { iteration, tools: [{ name, parameters }], timestamp: "2026-01-01T00:00:00Z" }),
  ...edits.map((edit) => event("file_changed", edit)),
  event("agent_step", {
    iteration,
    thought: null,
    tool_calls: [{ name, parameters }],
    tool_results: [{ success: isFine }],
    response_text: "",
    timestamp: "2026-01-01T00:00:01Z",
    is_complete: false,
  }),
];

test("moments of a run: what it did, and which files it had changed so far", () => {
  const moments = momentsOf([
    event("task_started", { chat_id: task_id, message_id: task_id, agent_id: null, model: "m" }),
    event("text_chunk", { content: "I begin.", iteration: 1 }),
    ...turn(1, "write_file", { file_path: "a.ts" }, [{ path: "a.ts", op: "add", diff: diff(0, 3) }]),
    ...turn(2, "edit_file", { file_path: "b.ts" }, [{ path: "b.ts", op: "update", diff: diff(1, 2) }]),
    ...turn(3, "edit_file", { file_path: "a.ts" }, [{ path: "a.ts", op: "update", diff: diff(1, 1) }]),
    ...turn(4, "run_command", { command: "npm test" }, [], false),
    ...turn(5, "apply_patch", { patch: "…" }, [
      { path: "a.ts", op: "delete", diff: diff(3, 0) },
      { path: "b.ts", op: "move", new_path: "c.ts" },
    ]),
    event("complete", { success: true, iterations: 5, final_response: "Done.", tool_calls_made: 5, completion_reason: "no_more_actions" }),
  ]);
  const files = (at: number) => moments[at]?.files.map((f) => `${f.isNow ? "*" : ""}${f.path} ${f.status} +${f.additions} -${f.deletions}`);
  expect(moments.map((m) => [m.part.kind, m.bead])).toEqual([
    ["text", "step"],
    ["tool", "step"],
    ["tool", "step"],
    ["tool", "step"],
    ["tool", "failed"],
    ["tool", "step"],
    ["text", "step"],
  ]);
  expect(moments[1]?.label).toContain("a.ts");
  expect(moments.map((_, at) => files(at))).toEqual([
    [],
    ["*a.ts added +3 -0"],
    ["a.ts added +3 -0", "*b.ts modified +2 -1"],
    ["*a.ts added +4 -1", "b.ts modified +2 -1"],
    ["a.ts added +4 -1", "b.ts modified +2 -1"],
    ["*c.ts renamed +2 -1"],
    ["c.ts renamed +2 -1"],
  ]);
  expect(momentsOf([])).toEqual([]);
});

test("a failed call to the model is a moment, with what came of it", () => {
  const retry = { retry_id: "r", iteration: 1, attempt: 2, of: 5, until: "2026-01-01T00:00:00Z", model: "m", message: "Too busy (529)." };
  const moments = momentsOf([
    event("task_started", { chat_id: task_id, message_id: task_id, agent_id: null, model: "m" }),
    event("model_retry", { ...retry, status: "waiting" }),
    event("model_retry", { ...retry, status: "retrying" }),
    event("model_retry", { ...retry, retry_id: "s", status: "waiting" }),
    event("complete", { success: false, iterations: 1, final_response: "", tool_calls_made: 0, completion_reason: "cancelled" }),
  ]);
  expect(moments.map(({ label, bead }) => [label, bead])).toEqual([
    ["Too busy (529). Retried (attempt 2 of 5).", "step"],
    ["Too busy (529). Not retried.", "step"],
  ]);
});
