import { expect, test } from "vitest";
import type { IncomingRunEvent, Run } from "./chat.types.ts";
import { applyRunEvent, emptyRun } from "./run-events.ts";

const at = "2026-03-05T10:00:00Z";
function play(...events: [type: string, data: unknown][]): Run {
  return events.reduce(
    (run, [type, data], index) => applyRunEvent(run, { taskId: "t1", seq: index + 1, at, type, data } satisfies IncomingRunEvent),
    emptyRun("t1", "c1"),
  );
}
const write = { name: "write_file", parameters: { file_path: "src/App.tsx", content: "a\nb" } };
const progress = (known: object = {}): [string, unknown] => [
  "tool_progress",
  { iteration: 1, index: 0, name: "write_file", path: "src/App.tsx", lines: 1, chars: 1, tail: "a", ...known },
];
const started: [string, unknown] = ["tool_started", { iteration: 1, tools: [write], timestamp: at }];

test("the newest progress of a call replaces the one before it, and keeps its place", () => {
  const run = play(progress(), progress({ index: 1, name: "edit_file" }), progress({ lines: 2, chars: 3, tail: "a\nb" }));
  expect(run.parts).toMatchObject([
    { kind: "draft", key: "d1.0", draft: { lines: 2, tail: "a\nb" } },
    { kind: "draft", key: "d1.1", draft: { name: "edit_file" } },
  ]);
});

test.each<[string, [string, unknown], string[]]>([
  ["its call", started, ["tool"]],
  [
    "a step",
    ["agent_step", { iteration: 1, thought: null, tool_calls: [], tool_results: [], response_text: "", timestamp: at, is_complete: false }],
    [],
  ],
  ["the end", ["complete", { success: true, iterations: 1, final_response: "", tool_calls_made: 0, completion_reason: "cancelled" }], []],
  ["an error", ["error", { code: "model_error", message: "The model failed." }], ["error"]],
  ["an interruption", ["error", { code: "interrupted", message: "" }], []],
  ["the last event", ["done", {}], []],
])("progress is replaced by %s", (_, event, kinds) => {
  expect(play(progress(), event).parts.map(({ kind }) => kind)).toEqual(kinds);
});

test("the progress of a sub-agent's call is with the sub-agent until its call starts", () => {
  const agent = (data: object): [string, unknown] => [
    "subagent_event",
    { agent_id: "s1", name: "tester", call: { iteration: 1, index: 0 }, ...data },
  ];
  const writing: Parameters<typeof play> = [
    ["tool_started", { iteration: 1, tools: [{ name: "invoke_subagent", parameters: {} }], timestamp: at }],
    agent({ kind: "started", task: "Test it" }),
    progress({ agent_id: "s1" }),
    progress({ agent_id: "s1", lines: 2 }),
  ];
  const drafts = (run: Run) =>
    run.parts.map((part) => (part.kind === "tool" ? part.subagent?.drafts.map(({ lines }) => lines) : undefined));
  expect(drafts(play(...writing))).toEqual([[2]]);
  expect(drafts(play(...writing, agent({ kind: "tool_started", iteration: 1, tools: [write] })))).toEqual([[]]);
});
