import { expect, test } from "vitest";
import { backgroundCommands } from "./command-events.ts";
import type { CommandView, IncomingRunEvent, Run, ToolPart } from "./chat.types.ts";
import { applyRunEvent, emptyRun } from "./run-events.ts";

const at = "2026-03-05T10:00:00Z";
function play(...events: [type: string, data: unknown][]): Run {
  return events.reduce(
    (run, [type, data], index) => applyRunEvent(run, { taskId: "t1", seq: index + 1, at, type, data } satisfies IncomingRunEvent),
    emptyRun("t1", "c1"),
  );
}
const tools = (...names: string[]): [string, unknown] => [
  "tool_started",
  { iteration: 1, tools: names.map((name) => ({ name, parameters: { command: name } })), timestamp: at },
];
const begun = (known: object = {}): [string, unknown] => [
  "command_started",
  { command_id: "k1", command: "npm test", is_background: false, call: { iteration: 1, index: 1 }, ...known },
];
const printed = (content: string): [string, unknown] => ["command_output", { command_id: "k1", content }];
const ended = (known: object = {}): [string, unknown] => [
  "command_ended",
  { command_id: "k1", exit_code: 0, reason: "exited", duration_ms: 1200, is_output_cut: false, ...known },
];
const toolAt = (run: Run, index: number): ToolPart => {
  const part = run.parts[index];
  if (part?.kind !== "tool") throw new Error("not a tool");
  return part;
};

test("a command in the foreground belongs to the call that started it, with its output and its end", () => {
  const run = play(tools("run_command", "run_command"), begun(), printed("1 "), printed("passed\n"), ended({ exit_code: 1 }));
  expect(toolAt(run, 0).command).toBeUndefined();
  expect(toolAt(run, 1).command).toEqual({
    id: "k1",
    taskId: "t1",
    command: "npm test",
    isBackground: false,
    startedAt: at,
    output: "1 passed\n",
    isStartCut: false,
    ending: { exitCode: 1, reason: "exited", durationMs: 1200, isEndCut: false },
  } satisfies CommandView);
  expect(backgroundCommands(run)).toEqual([]);
});

test("a background command is a part of its own, and is listed until it ends", () => {
  const background = begun({ is_background: true, call: { iteration: 1, index: 0 } });
  const run = play(tools("run_command"), background, printed("ready"));
  expect(run.parts.map(({ kind }) => kind)).toEqual(["tool", "command"]);
  expect(backgroundCommands(run).map(({ output }) => output)).toEqual(["ready"]);
  expect(backgroundCommands(play(tools("run_command"), background, ended({ exit_code: null, reason: "stopped" })))).toEqual([]);
});

test("the oldest lines of a long output are dropped", () => {
  const run = play(tools("a", "b"), begun(), ...Array.from({ length: 20 }, (_, index) => printed(`${index}${"x".repeat(8_000)}\n`)));
  const view = toolAt(run, 1).command;
  expect(view?.isStartCut).toBe(true);
  expect(view?.output.length).toBeLessThanOrEqual(64 * 1024);
  expect(view?.output).toMatch(/^12x/);
  expect(view?.output.endsWith(`19${"x".repeat(8_000)}\n`)).toBe(true);
});

test("the commands of a sub-agent are with its calls, also after its step", () => {
  const agent = (data: object): [string, unknown] => [
    "subagent_event",
    { agent_id: "s1", name: "tester", call: { iteration: 1, index: 0 }, ...data },
  ];
  const call = { name: "run_command", parameters: { command: "npm run dev" } };
  const during: Parameters<typeof play> = [
    tools("invoke_subagent"),
    agent({ kind: "started", task: "Test it" }),
    agent({ kind: "tool_started", iteration: 1, tools: [call] }),
    begun({ agent_id: "s1", is_background: true, call: { iteration: 1, index: 0 } }),
    printed("ready"),
  ];
  expect(backgroundCommands(play(...during)).map(({ id }) => id)).toEqual(["k1"]);
  const after = play(
    ...during,
    agent({ kind: "step", iteration: 1, text: "", tool_calls: [{ ...call, success: true, message: "" }] }),
    printed(" again"),
  );
  expect(toolAt(after, 0).subagent?.rows).toMatchObject([{ kind: "call", call: { success: true, command: { output: "ready again" } } }]);
});

test.each([
  ["complete", { success: false, iterations: 1, final_response: "", tool_calls_made: 1, completion_reason: "cancelled" }],
  ["error", { code: "interrupted", message: "" }],
  ["done", {}],
])("a command whose end was not reported ends with its run: %s", (type, data) => {
  const run = play(tools("a", "b"), begun(), [type, data]);
  expect(toolAt(run, 1).command?.ending).toMatchObject({ reason: "run_ended", exitCode: null });
});

test("output does not change other parts", () => {
  const before = play(tools("a", "b"), begun());
  const after = applyRunEvent(before, { taskId: "t1", seq: 9, at, type: "command_output", data: { command_id: "k1", content: "x" } });
  expect(after.parts[0]).toBe(before.parts[0]);
  expect(after.parts[1]).not.toBe(before.parts[1]);
});
