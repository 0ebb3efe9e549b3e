import { describe, expect, test } from "vitest";
import { answer, call, calls, play, read, say, useTools, write } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";

describe("edit modes", () => {
  test("ask: allow once, allow all and deny with a note; requested one at a time in call order", async () => {
    await using ws = await tempWorkspace();
    const run = await play(
      ws,
      [calls(write("1"), write("2"), write("3"), call("run_command", { command: "touch 4" }), read("1")), answer("ok")],
      {
        editMode: "ask",
        answers: [{ decision: "allow_once" }, { decision: "deny", note: "not that one" }, { decision: "allow_all" }, { decision: "deny" }],
      },
    );
    expect(run.approvals.map((one) => [one.tool_name, one.tool_parameters.file_path ?? one.tool_parameters.command])).toEqual([
      ["write_file", "1"],
      ["write_file", "2"],
      ["write_file", "3"],
      ["run_command", "touch 4"],
    ]);
    expect(run.order.slice(1, 9)).toEqual([
      "tool_started",
      "approval_required",
      "file_changed",
      "approval_required",
      "approval_required",
      "file_changed",
      "approval_required",
      "agent_step",
    ]);
    const { tool_results } = run.first("agent_step").data;
    expect(tool_results.map((result) => result.success)).toEqual([true, false, true, false, true]);
    expect(tool_results[1]!.error).toBe("The person declined this call. They say: not that one");
    expect(Object.keys(await ws.snapshot()).toSorted()).toEqual(["1", "3"]);
    expect(run.result).toMatchObject({ success: true, tool_calls_made: 3 });
  });

  test("ask: allow_all skips further approvals for that tool only; a stored one needs none", async () => {
    await using ws = await tempWorkspace();
    const script = [
      calls(write("1"), write("2")),
      calls(write("3"), call("edit_file", { file_path: "1", search: "x", replace: "y" })),
      answer("ok"),
    ];
    const run = await play(ws, script, { editMode: "ask", answers: [{ decision: "allow_all" }, { decision: "allow_once" }] });
    expect(run.approvals.map((one) => one.tool_name)).toEqual(["write_file", "edit_file"]);
    const again = await play(ws, script, { editMode: "ask", allowedTools: ["write_file"], answers: [{ decision: "allow_once" }] });
    expect(again.approvals.map((one) => one.tool_name)).toEqual(["edit_file"]);
  });

  test("ask: stop keeps the results so far, marks the other calls as not run, and ends the run", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[...say("Writing."), ...write("1"), ...write("2"), ...write("3"), useTools]], {
      editMode: "ask",
      answers: [{ decision: "allow_once" }, { decision: "stop" }],
    });
    expect(run.order).toEqual([
      "text_chunk",
      "charge",
      "tool_started",
      "approval_required",
      "file_changed",
      "approval_required",
      "agent_step",
      "complete",
    ]);
    const step = run.first("agent_step").data;
    expect(step.is_complete).toBe(true);
    expect(step.tool_results.map((result) => result.error)).toEqual([
      undefined,
      "Not run: the person stopped the run.",
      "Not run: the person stopped the run.",
    ]);
    expect(run.result).toMatchObject({ success: false, completion_reason: "user_stopped", iterations: 1, tool_calls_made: 1 });
    expect(Object.keys(await ws.snapshot())).toEqual(["1"]);
  });

  test("ask: no answer in time ends the run", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(write("1"))], { editMode: "ask", answers: [{ decision: "timeout" }] });
    expect(run.result).toMatchObject({ success: false, completion_reason: "approval_timeout", tool_calls_made: 0 });
    expect(run.order).toEqual(["charge", "tool_started", "approval_required", "agent_step", "complete"]);
  });

  test("plan: no tool can change a byte, the shell included", async () => {
    await using ws = await tempWorkspace({ "a.txt": "keep\n", "src/b.txt": "keep\n" });
    const before = await ws.snapshot();
    const patch = "*** Begin Patch\n*** Delete File: a.txt\n*** End Patch";
    const run = await play(
      ws,
      [
        calls(
          write("a.txt", "gone"),
          call("edit_file", { file_path: "a.txt", search: "keep", replace: "gone" }),
          call("edit_file", { file_path: "a.txt", edits: [{ search: "keep", replace: "gone" }] }),
          call("apply_patch", { patch }),
          call("run_command", { command: "rm a.txt", background: true }),
          call("command_output", { command_id: "x", input: "rm a.txt" }),
          call("run_command", { command: "echo gone > a.txt; rm -rf src; touch new; cat a.txt" }),
          call("grep", { pattern: "keep" }),
          call("todo_write", { todos: [{ content: "x", status: "pending" }] }),
        ),
        answer("A plan."),
      ],
      { editMode: "plan" },
    );
    const { tool_results } = run.first("agent_step").data;
    for (const result of tool_results.slice(0, 6))
      expect(result).toMatchObject({ success: false, error: expect.stringContaining("plan mode") });
    expect(tool_results[6]!.result?.output).toMatch(/keep/);
    expect(tool_results[7]).toMatchObject({ success: true });
    expect(tool_results[8]).toMatchObject({ success: true });
    expect(await ws.snapshot()).toEqual(before);
    expect(run.all("approval_required")).toEqual([]);
    expect(run.client.requests[0]!.system).toContain("# Planning");
  });
});
