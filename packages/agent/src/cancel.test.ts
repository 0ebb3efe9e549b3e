import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { answer, call, calls, play, say, stop, write } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";

/** A killed orphan may stay as a zombie if no process reaps it. */
const isAlive = (pid: number): boolean => {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, "utf8"));
};

describe("cancel", () => {
  test("reaches a streaming model; the text so far is kept", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[...say("Half a"), "hang"]], { onEvent: (event, abort) => event.type === "text_chunk" && abort.abort() });
    expect(run.result).toMatchObject({ success: false, completion_reason: "cancelled", final_response: "Half a\n\nCanceled." });
    expect(run.order).toEqual(["text_chunk", "charge", "complete"]);
    expect(run.charges[0]).toMatchObject({ is_estimated: true });
    expect(run.result.error_code).toBeUndefined();
  });

  test("reaches a model that does not listen to its signal", async () => {
    await using ws = await tempWorkspace();
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    const client = {
      requests: [],
      async *stream() {
        await new Promise(() => undefined);
        yield stop;
      },
    };
    const run = await play(ws, [], { signal: abort.signal, model: { client } });
    expect(run.result.completion_reason).toBe("cancelled");
  });

  test("reaches the process tree of a running command", async () => {
    await using ws = await tempWorkspace();
    const abort = new AbortController();
    const run0 = play(
      ws,
      [calls(write("a.txt"), call("run_command", { command: "echo $$ > pid; sleep 600 & echo $! > child; wait" }), write("b.txt"))],
      { signal: abort.signal },
    );
    while (!(await ws.files.stat("child"))?.size) await new Promise((resolve) => setTimeout(resolve, 20));
    abort.abort();
    const run = await run0;
    for (const file of ["pid", "child"]) {
      const pid = Number(await ws.get(file));
      expect(isAlive(pid)).toBe(false);
    }
    expect(run.order.slice(-2)).toEqual(["agent_step", "complete"]);
    expect(run.first("agent_step").data.tool_results.map((result) => result.error)).toEqual([
      undefined,
      "The command was stopped with the run.",
      "Not run: the run was cancelled.",
    ]);
    expect(run.result).toMatchObject({ success: false, completion_reason: "cancelled", tool_calls_made: 2 });
  });

  test("reaches a waiting approval", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(write("a.txt"))], {
      editMode: "ask",
      onEvent: (event, abort) => event.type === "approval_required" && setTimeout(() => abort.abort(), 20),
    });
    expect(run.result.completion_reason).toBe("cancelled");
    expect(run.order).toEqual(["charge", "tool_started", "approval_required", "agent_step", "complete"]);
    expect(await ws.snapshot()).toEqual({});
  });

  test("closes the terminals the run left open", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [
      calls(call("run_command", { command: "echo $$ > pid; sleep 60", background: true })),
      calls(call("run_command", { command: "sleep 0.2; cat pid" })),
      answer("ok"),
    ]);
    expect(run.result.success).toBe(true);
    const pid = Number(await ws.get("pid"));
    expect(isAlive(pid)).toBe(false);
  });
});
