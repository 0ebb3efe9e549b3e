import { expect, test } from "vitest";
import { unfinishedBatch, type BatchEvent } from "./interrupted-steps.ts";

const started = (...tools: { name: string; parameters: Record<string, unknown> }[]): BatchEvent => ({
  type: "tool_started",
  data: { iteration: 3, tools, timestamp: "2026-01-01T00:00:00.000Z" },
});
const write = (file_path: string) => ({ name: "write_file", parameters: { file_path, content: "x" } });
const changed = (path: string): BatchEvent => ({ type: "file_changed", data: { path, op: "add" } });
const outcomes = (events: BatchEvent[]) => unfinishedBatch(events, "now")?.tool_results.map((result) => result.success);

test("calls of an open batch with results in the log are done, the rest are unknown", () => {
  const step = unfinishedBatch(
    [
      { type: "text_chunk", data: { content: "Writing ", iteration: 3 } },
      { type: "text_chunk", data: { content: "both.", iteration: 3 } },
      started(write("./a.txt"), { name: "run_command", parameters: { command: "echo 1 >> log" } }, write("b.txt")),
      changed("a.txt"),
    ],
    "2026-01-01T00:00:01.000Z",
  );
  expect(step).toMatchObject({ iteration: 3, response_text: "Writing both.", is_complete: false });
  expect(step?.tool_results.map((result) => result.success)).toEqual([true, false, false]);
  expect(step?.tool_results[1]?.error).toContain("may have taken effect");
});

test("of two writes to a file, only as many are done as it changed", () => {
  expect(outcomes([started(write("a.txt"), write("a.txt")), changed("a.txt")])).toEqual([true, false]);
});

test("a patch is done when its files were changed; a path in a container's folder is not a path in the root", () => {
  const patch = { name: "apply_patch", parameters: { patch: "*** Begin Patch\n*** Add File: src/n.ts\n+x\n*** End Patch" } };
  expect(outcomes([started(patch), changed("web/src/n.ts")])).toEqual([true]);
  expect(outcomes([started(patch)])).toEqual([false]);
});

test("nothing is open without a batch, after a committed one, or for sub-agents", () => {
  expect(outcomes([])).toBeUndefined();
  expect(outcomes([started(write("a")), { type: "agent_step", data: {} }])).toBeUndefined();
  expect(outcomes([started({ name: "invoke_subagent", parameters: {} })])).toBeUndefined();
});
