import { expect, test } from "vitest";
import type { Run, ToolPart } from "./chat.types.ts";
import { applyRunEvent, emptyRun } from "./run-events.ts";
import { callCount, subagentOf } from "./subagents.ts";

const task = { name: "Explore", task: "find it" };
const head = { agent_id: "0a1b2c3d", name: "Explore", call: { iteration: 1, index: 1 } };
let seq = 0;
const apply = (run: Run, type: string, data: unknown) => applyRunEvent(run, { taskId: "t", seq: ++seq, at: undefined, type, data });
const partOf = (run: Run) => run.parts.filter((part): part is ToolPart => part.kind === "tool")[1]!;

test("nested rows: at their call, live, then from the stored step alike", () => {
  let run = apply(emptyRun("t", "c"), "tool_started", {
    iteration: 1,
    tools: [
      { name: "read_file", parameters: {} },
      { name: "invoke_subagent", parameters: task },
    ],
    timestamp: "",
  });
  const say = (data: Record<string, unknown>) => (run = apply(run, "subagent_event", { ...head, ...data }));
  say({ kind: "started", task: "find it", is_resumed: false });
  say({ kind: "text", content: "Look" });
  say({ kind: "text", content: "ing." });
  const tools = [
    { name: "grep", parameters: { pattern: "a" } },
    { name: "glob", parameters: { pattern: "b" } },
  ];
  say({ kind: "tool_started", iteration: 1, tools });
  expect(subagentOf(partOf(run))).toMatchObject({
    name: "Explore",
    isOver: false,
    rows: [{ text: "Looking." }, { call: tools[0] }, { call: tools[1] }],
  });
  expect(callCount(subagentOf(partOf(run))!)).toBe(2);
  const step = {
    iteration: 1,
    text: "Looking.",
    tool_calls: [
      { ...tools[0], success: true, message: "1" },
      { ...tools[1], success: false, message: "none" },
    ],
  };
  say({ kind: "step", ...step });
  const live = subagentOf(partOf(run))!;
  expect(live.rows.map((row) => (row.kind === "call" ? row.call.success : row.text))).toEqual(["Looking.", true, false]);
  say({ kind: "finished", success: true, message: "", iterations: 2, tool_calls_made: 2, duration_ms: 1 });
  const result = {
    success: true,
    result: {
      success: true,
      message: "Explore finished.",
      agent_id: "0a1b2c3d",
      content: "There.",
      details: { name: "Explore" },
      activity: [step],
    },
  };
  run = apply(run, "agent_step", {
    iteration: 1, thought: null, response_text: "", timestamp: "", is_complete: false,
    tool_calls: [{ name: "read_file", parameters: {} }, { name: "invoke_subagent", parameters: task }], tool_results: [{ success: true }, result],
  }); // prettier-ignore
  expect(partOf(run)).toMatchObject({ status: "ok" });
  const { subagent: _, ...stored } = partOf(run);
  expect(subagentOf(stored)!.rows.map(({ key: _key, ...row }) => row)).toEqual(live.rows.map(({ key: _key, ...row }) => row));
  // An event without its call (a replay that begins in the middle) changes nothing.
  expect(apply(emptyRun("t", "c"), "subagent_event", { ...head, kind: "text", content: "x" }).parts).toEqual([]);
});
