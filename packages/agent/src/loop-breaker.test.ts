import { describe, expect, test } from "vitest";
import { textOf } from "./conversation.ts";
import { answer, call, calls, play, read, write, type Reply } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";

describe("the loop breaker", () => {
  const failing = () => calls(call("edit_file", { file_path: "a.txt", search: "nothing", replace: "x" }));

  test("the same failing call three times stops the run", async () => {
    await using ws = await tempWorkspace({ "a.txt": "a\n" });
    const run = await play(ws, [failing(), calls(read("a.txt")), failing(), failing(), failing()]);
    expect(run.result).toMatchObject({ success: false, completion_reason: "error", error_code: "model_error", iterations: 4 });
    expect(run.first("error").data).toMatchObject({
      message: expect.stringContaining("failed 3 times"),
      details: { kind: "loop_detected", tool_name: "edit_file", repeats: 3 },
    });
    expect(run.order.slice(-3)).toEqual(["agent_step", "error", "complete"]);
    expect(textOf(run.client.requests[3]!.messages.at(-1)!)).toContain("A third time ends the run");
  });

  test("a change of the project in between resets the count", async () => {
    await using ws = await tempWorkspace({ "a.txt": "a\n" });
    const run = await play(ws, [failing(), failing(), calls(write("b.txt", "1")), failing(), failing(), answer("I give up.")]);
    expect(run.result.success).toBe(true);
  });

  test("repeated garbage arguments stop the run", async () => {
    await using ws = await tempWorkspace();
    const garbage = (): Reply => calls(call("write_file", "{{{"));
    const run = await play(ws, [garbage(), garbage(), garbage(), garbage()]);
    expect(run.result).toMatchObject({ completion_reason: "error", iterations: 3 });
  });

  test("durations in the output do not hide a loop", async () => {
    await using ws = await tempWorkspace();
    const slow = () => calls(call("run_command", { command: "echo took $(date +%N) ns; exit 3" }));
    const run = await play(ws, [slow(), slow(), slow(), slow()]);
    expect(run.result).toMatchObject({ completion_reason: "error", iterations: 3 });
  });
});
