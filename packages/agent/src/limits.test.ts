import { describe, expect, test } from "vitest";
import { answer, call, calls, play, read, say, useTools, write } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";

describe("limits", () => {
  test("max_iterations of the request is enforced", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(write("1")), calls(write("2")), calls(write("3"))], { limits: { max_iterations: 2 } });
    expect(run.result).toMatchObject({ success: false, completion_reason: "max_iterations", iterations: 2, tool_calls_made: 2 });
    expect(run.client.requests).toHaveLength(2);
    expect(run.result.resource_stats).toMatchObject({ iterations: 2, iteration_limit: 2, tokens_in: 200, tokens_out: 20 });
    expect(run.all("error")).toEqual([]);
  });

  test("wall clock: ends a running command; waiting for a person does not count", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(write("1")), calls(call("run_command", { command: "sleep 600" }))], {
      editMode: "ask",
      allowedTools: ["run_command"],
      limits: { max_run_ms: 300 },
      deps: { approve: () => new Promise((resolve) => setTimeout(() => resolve({ decision: "allow_once" }), 500)) },
    });
    expect(run.all("agent_step").map((event) => event.data.tool_results[0]!.success)).toEqual([true, false]);
    expect(run.result).toMatchObject({ success: false, completion_reason: "resource_limit_exceeded" });
  });

  test("tool time: a tool that does not return is abandoned", async () => {
    await using ws = await tempWorkspace({ "a.txt": "x\n" });
    const read0 = ws.files.read;
    ws.files.read = (path, options) => (path === "a.txt" ? new Promise(() => undefined) : read0(path, options));
    const run = await play(ws, [calls(read("a.txt")), answer("ok")], { limits: { tool_timeout_ms: 1_000 } });
    expect(run.first("agent_step").data.tool_results[0]).toMatchObject({
      success: false,
      error: "read_file took longer than 1 s and was ended.",
    });
    expect(run.result.success).toBe(true);
  }, 10_000);

  test("a workspace that hangs does not block a run", async () => {
    await using ws = await tempWorkspace();
    ws.files.walk = () => new Promise(() => undefined);
    const run = await play(ws, [answer("never")], { limits: { max_run_ms: 50 } });
    expect(run.result.completion_reason).toBe("resource_limit_exceeded");
  });

  test("tokens: the run ends at the limit", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(write("1")), calls(write("2")), calls(write("3"))], { limits: { max_tokens: 150 } });
    expect(run.result).toMatchObject({ completion_reason: "resource_limit_exceeded", iterations: 2 });
  });

  test("a stop by afterModelCall ends the run before its tools, but a finished answer succeeds", async () => {
    await using ws = await tempWorkspace();
    const deps = { afterModelCall: async () => ({ ok: false, stop: "credits_exhausted", message: "No credits are left." }) as const };
    const broke = await play(ws, [[...say("I will write."), ...write("1"), useTools]], { deps });
    expect(broke.order).toEqual(["text_chunk", "error", "complete"]);
    expect(broke.first("error").data).toEqual({ code: "insufficient_credits", message: "No credits are left." });
    expect(broke.result).toMatchObject({
      success: false,
      completion_reason: "credits_exhausted",
      final_response: "I will write.\n\nNo credits are left.",
    });
    expect(await ws.snapshot()).toEqual({});
    const finished = await play(ws, [answer("Here it is.")], { deps });
    expect(finished.result).toMatchObject({ success: true, completion_reason: "no_more_actions" });
  });
});
