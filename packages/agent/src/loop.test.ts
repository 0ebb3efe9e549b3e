import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { planCompaction } from "./compaction.ts";
import { ModelError } from "./model-error.ts";
import { answer, brokenLine, call, calls, play, say, scripted, stop, usage, useTools, type Reply } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";
import { estimateRequestTokens } from "./tokens.ts";
import type { Message } from "./model-client.ts";
import { RunInterrupted, type AgentEvent, type PendingBatch } from "./types.ts";

const write = (path: string, content = "x\n") => call("write_file", { file_path: path, content });
const read = (path: string) => call("read_file", { file_path: path });

/** A killed orphan may stay as a zombie where nobody reaps it. */
const isAlive = (pid: number): boolean => {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && !/\) Z /.test(readFileSync(stat, "utf8"));
};

describe("the order of events (contract 3.7)", () => {
  test("an answer without tools", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[...say("Hel", "lo"), stop]]);
    expect(run.order.filter((type, index) => type !== run.order[index - 1])).toEqual(["text_chunk", "charge", "complete"]);
    expect(
      run
        .all("text_chunk")
        .map((event) => event.data.content)
        .join(""),
    ).toBe("Hello");
    expect(run.result).toMatchObject({
      success: true,
      iterations: 1,
      final_response: "Hello",
      tool_calls_made: 0,
      completion_reason: "no_more_actions",
    });
    expect(run.first("complete").data).toEqual(run.result);
    expect(run.result.error).toBeUndefined();
  });

  test("one write in ask mode, exactly as the contract's example", async () => {
    await using ws = await tempWorkspace();
    const run = await play(
      ws,
      [[...say("I'll add the page."), ...write("src/About.tsx", "a\nb\n"), useTools], answer("Added src/About.tsx.")],
      {
        editMode: "ask",
        answers: [{ decision: "allow_once" }],
      },
    );
    expect(run.order).toEqual([
      "text_chunk",
      "charge",
      "tool_started",
      "approval_required",
      "file_changed",
      "agent_step",
      "text_chunk",
      "charge",
      "complete",
    ]);
    const parameters = { file_path: "src/About.tsx", content: "a\nb\n" };
    expect(run.first("tool_started").data).toMatchObject({ iteration: 1, tools: [{ name: "write_file", parameters }] });
    expect(run.first("approval_required").data).toMatchObject({
      tool_name: "write_file",
      tool_parameters: parameters,
      tool_description: expect.stringContaining("file"),
    });
    expect(run.first("file_changed").data).toEqual({
      path: "src/About.tsx",
      op: "add",
      size: 4,
      diff: "--- /dev/null\n+++ b/src/About.tsx\n@@ -0,0 +1,2 @@\n+a\n+b\n",
    });
    expect(run.first("agent_step").data).toMatchObject({
      iteration: 1,
      thought: null,
      tool_calls: [{ name: "write_file", parameters }],
      tool_results: [
        {
          success: true,
          tool: "write_file",
          result: { success: true, file_path: "src/About.tsx", preview: "a\nb", details: { size_bytes: 4, line_count: 2 } },
        },
      ],
      response_text: "I'll add the page.",
      is_complete: false,
    });
    expect(run.result).toMatchObject({ success: true, iterations: 2, tool_calls_made: 1, final_response: "Added src/About.tsx." });
  });

  test("text reaches the caller while the model still speaks", async () => {
    await using ws = await tempWorkspace();
    const seenAt: number[] = [];
    const started = performance.now();
    await play(ws, [[...say("a"), { wait: 80 }, ...say("b"), { wait: 80 }, ...say("c"), stop]], {
      onEvent: (event) => {
        if (event.type === "text_chunk") seenAt.push(performance.now() - started);
      },
    });
    expect(seenAt).toHaveLength(3);
    expect(seenAt[2]! - seenAt[0]!).toBeGreaterThan(120);
  });

  test("emit is awaited: nothing overtakes a slow commit, and waiting text is merged", async () => {
    await using ws = await tempWorkspace();
    const log: string[] = [];
    const run = await play(ws, [[...say(..."abcdefgh"), ...write("a.txt"), useTools], answer("ok")], {
      deps: {
        emit: async (event: AgentEvent) => {
          log.push(`start ${event.type}`);
          await new Promise((resolve) => setTimeout(resolve, 15));
          log.push(`end ${event.type}`);
        },
      },
    });
    for (let index = 0; index < log.length; index += 2) expect(log[index + 1]).toBe(log[index]!.replace("start", "end"));
    expect(log.filter((line) => line === "start text_chunk").length).toBeLessThan(6);
    expect(run.result.success).toBe(true);
  });

  test("the model hears its own text, calls and results again", async () => {
    await using ws = await tempWorkspace({ "a.txt": "hello\n" });
    const run = await play(ws, [[...say("Looking."), ...read("a.txt"), useTools], answer("done")]);
    const [, second] = run.client.requests;
    expect(second!.messages.slice(1)).toMatchObject([
      { role: "assistant", content: "Looking.", tool_calls: [{ name: "read_file", arguments: '{"file_path":"a.txt"}' }] },
      { role: "tool", tool_name: "read_file", content: expect.stringContaining("hello"), is_error: false },
    ]);
  });
});

describe("calls of one batch", () => {
  test("neighbouring reads run at the same time, a read behind a write sees it", async () => {
    await using ws = await tempWorkspace({ "a.txt": "old\n" });
    let running = 0;
    let most = 0;
    const read0 = ws.files.read;
    ws.files.read = async (path, options) => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 30));
      running--;
      return read0(path, options);
    };
    const run = await play(ws, [calls(read("a.txt"), read("a.txt"), read("a.txt"), write("a.txt", "new\n"), read("a.txt")), answer("ok")]);
    expect(most).toBe(3);
    const contents = run.first("agent_step").data.tool_results.map((result) => result.result?.content);
    expect(contents).toEqual(["old", "old", "old", undefined, "new"]);
    expect(run.result.tool_calls_made).toBe(5);
  });

  test("commands run one after another", async () => {
    await using ws = await tempWorkspace();
    await play(ws, [
      calls(call("bash_exec", { command: "sleep 0.1; echo one >> log" }), call("bash_exec", { command: "echo two >> log" })),
      answer("ok"),
    ]);
    expect(await ws.get("log")).toBe("one\ntwo\n");
  });

  test("broken JSON, an unknown tool and wrong arguments are results the model reads", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [
      calls(call("write_file", '{"file_path": "a.txt", "content": "cut o'), call("fly", {}), call("read_file", { path: 3 })),
      answer("sorry"),
    ]);
    const errors = run.first("agent_step").data.tool_results.map((result) => [result.success, result.error]);
    expect(errors).toEqual([
      [false, expect.stringMatching(/not valid JSON/)],
      [false, expect.stringMatching(/no tool "fly".*read_file/)],
      [false, expect.stringMatching(/do not fit read_file.*file_path/)],
    ]);
    expect(run.first("tool_started").data.tools[0]).toEqual({ name: "write_file", parameters: {} });
    expect(run.result).toMatchObject({ success: true, tool_calls_made: 0 });
    expect(await ws.snapshot()).toEqual({});
  });

  test("forgives numbers as text, null for nothing and lists as JSON text", async () => {
    await using ws = await tempWorkspace({ "a.txt": "1\n2\n3\n" });
    const run = await play(ws, [
      calls(
        call("read_file", { file_path: "a.txt", offset: "2", limit: null }),
        call("multi_edit", { file_path: "a.txt", edits: JSON.stringify([{ search: "1", replace: "one" }]) }),
      ),
      answer("ok"),
    ]);
    expect(run.first("agent_step").data.tool_results.map((result) => result.success)).toEqual([true, true]);
    expect(await ws.get("a.txt")).toBe("one\n2\n3\n");
  });

  test("long results are cut in the middle for the model, longer in the step", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(call("bash_exec", { command: "echo BEGIN; seq 1 20000; echo END" })), answer("ok")]);
    const heard = run.client.requests[1]!.messages.at(-1)!.content;
    expect(heard.length).toBeLessThan(10_200);
    expect(heard).toMatch(/BEGIN[\s\S]*characters left out[\s\S]*END/);
    expect(String(run.first("agent_step").data.tool_results[0]!.result?.output).length).toBeGreaterThan(30_000);
  });

  test("a tool's bug is a result without internals, and is reported", async () => {
    await using ws = await tempWorkspace();
    ws.files.walk = async () => {
      throw new Error("secret /host/path");
    };
    const run = await play(ws, [calls(call("glob", { pattern: "*" })), answer("ok")]);
    expect(run.first("agent_step").data.tool_results[0]).toMatchObject({ success: false, error: "The tool broke unexpectedly." });
    expect(run.unexpected).toHaveLength(1);
    expect(JSON.stringify(run.client.requests)).not.toContain("secret");
  });

  test("an unavailable workspace is asked again by tools that only look", async () => {
    await using ws = await tempWorkspace({ "a.txt": "x\n" });
    const stat0 = ws.files.stat;
    let failures = 1;
    ws.files.stat = async (path) => {
      if (path === "a.txt" && failures-- > 0) throw Object.assign(new Error("briefly away"), { code: "unavailable" });
      return stat0(path);
    };
    const run = await play(ws, [calls(read("a.txt")), answer("ok")]);
    expect(run.first("agent_step").data.tool_results[0]).toMatchObject({ success: true });
  });

  test("an agent with a tool list gets those tools only", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(write("a.txt")), answer("ok")], { agent: { system_prompt: "x", tools: ["read_file"] } });
    expect(run.client.requests[0]!.tools.map((tool) => tool.name)).toEqual(["read_file"]);
    expect(await ws.snapshot()).toEqual({});
  });
});

describe("edit modes (4.10)", () => {
  test("ask: once, all, declined with a note; asked one after another in call order", async () => {
    await using ws = await tempWorkspace();
    const run = await play(
      ws,
      [calls(write("1"), write("2"), write("3"), call("bash_exec", { command: "touch 4" }), read("1")), answer("ok")],
      {
        editMode: "ask",
        answers: [{ decision: "allow_once" }, { decision: "deny", note: "not that one" }, { decision: "allow_all" }, { decision: "deny" }],
      },
    );
    expect(run.approvals.map((one) => [one.tool_name, one.tool_parameters.file_path ?? one.tool_parameters.command])).toEqual([
      ["write_file", "1"],
      ["write_file", "2"],
      ["write_file", "3"],
      ["bash_exec", "touch 4"],
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

  test("ask: allow_all skips the next prompts for that tool only; a remembered one asks nobody", async () => {
    await using ws = await tempWorkspace();
    const script = [
      calls(write("1"), write("2")),
      calls(write("3"), call("patch_file", { file_path: "1", search: "x", replace: "y" })),
      answer("ok"),
    ];
    const run = await play(ws, script, { editMode: "ask", answers: [{ decision: "allow_all" }, { decision: "allow_once" }] });
    expect(run.approvals.map((one) => one.tool_name)).toEqual(["write_file", "patch_file"]);
    const again = await play(ws, script, { editMode: "ask", allowedTools: ["write_file"], answers: [{ decision: "allow_once" }] });
    expect(again.approvals.map((one) => one.tool_name)).toEqual(["patch_file"]);
  });

  test("ask: stop keeps what ran, says what did not, and ends the run", async () => {
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
          call("patch_file", { file_path: "a.txt", search: "keep", replace: "gone" }),
          call("multi_edit", { file_path: "a.txt", edits: [{ search: "keep", replace: "gone" }] }),
          call("apply_patch", { patch }),
          call("shell_open", {}),
          call("shell_exec", { session_id: "x", command: "rm a.txt" }),
          call("bash_exec", { command: "echo gone > a.txt; rm -rf src; touch new; cat a.txt" }),
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

describe("cancel", () => {
  test("reaches a streaming model at once, what was said is kept", async () => {
    await using ws = await tempWorkspace();
    const started = performance.now();
    const run = await play(ws, [[...say("Half a"), "hang"]], { onEvent: (event, abort) => event.type === "text_chunk" && abort.abort() });
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(run.result).toMatchObject({ success: false, completion_reason: "cancelled", final_response: "Half a\n\nCancelled." });
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
      [calls(write("a.txt"), call("bash_exec", { command: "echo $$ > pid; sleep 60 & echo $! > child; wait" }), write("b.txt"))],
      { signal: abort.signal },
    );
    while (!(await ws.files.stat("child"))?.size) await new Promise((resolve) => setTimeout(resolve, 20));
    const cancelled = performance.now();
    abort.abort();
    const run = await run0;
    expect(performance.now() - cancelled).toBeLessThan(2_000);
    for (const file of ["pid", "child"]) {
      const pid = Number(await ws.get(file));
      expect(isAlive(pid)).toBe(false);
    }
    expect(run.order.slice(-2)).toEqual(["agent_step", "complete"]);
    expect(run.first("agent_step").data.tool_results.map((result) => result.error)).toEqual([
      undefined,
      "The command was cancelled.",
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
      calls(call("shell_open", { command: "echo $$ > pid; sleep 60" })),
      calls(call("bash_exec", { command: "sleep 0.2; cat pid" })),
      answer("ok"),
    ]);
    expect(run.result.success).toBe(true);
    const pid = Number(await ws.get("pid"));
    expect(isAlive(pid)).toBe(false);
  });
});

describe("limits", () => {
  test("max_iterations of the request is enforced", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(write("1")), calls(write("2")), calls(write("3"))], { limits: { max_iterations: 2 } });
    expect(run.result).toMatchObject({ success: false, completion_reason: "max_iterations", iterations: 2, tool_calls_made: 2 });
    expect(run.client.requests).toHaveLength(2);
    expect(run.result.resource_stats).toMatchObject({ iterations: 2, iteration_limit: 2, tokens_in: 200, tokens_out: 20 });
    expect(run.all("error")).toEqual([]);
  });

  test("wall clock: ends a command in the middle; waiting for a person does not count", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(write("1")), calls(call("bash_exec", { command: "sleep 30" }))], {
      editMode: "ask",
      allowedTools: ["bash_exec"],
      limits: { max_run_ms: 300 },
      deps: { approve: () => new Promise((resolve) => setTimeout(() => resolve({ decision: "allow_once" }), 500)) },
    });
    expect(run.all("agent_step").map((event) => event.data.tool_results[0]!.success)).toEqual([true, false]);
    expect(run.result).toMatchObject({ success: false, completion_reason: "resource_limit_exceeded" });
    expect(run.result.resource_stats.duration_ms).toBeLessThan(3_500);
  });

  test("tool time: a tool that does not come back is given up", async () => {
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

  test("a workspace that hangs cannot hold a run", async () => {
    await using ws = await tempWorkspace();
    ws.files.walk = () => new Promise(() => undefined);
    const run = await play(ws, [answer("never")], { limits: { max_run_ms: 50 } });
    expect(run.result.completion_reason).toBe("resource_limit_exceeded");
  });

  test("tokens", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(write("1")), calls(write("2")), calls(write("3"))], { limits: { max_tokens: 150 } });
    expect(run.result).toMatchObject({ completion_reason: "resource_limit_exceeded", iterations: 2 });
  });

  test("the caller's stop after a model call: before tools it ends the run, a finished answer succeeds", async () => {
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

describe("the loop breaker", () => {
  const failing = () => calls(call("patch_file", { file_path: "a.txt", search: "nothing", replace: "x" }));

  test("the same failing call three times stops the run", async () => {
    await using ws = await tempWorkspace({ "a.txt": "a\n" });
    const run = await play(ws, [failing(), calls(read("a.txt")), failing(), failing(), failing()]);
    expect(run.result).toMatchObject({ success: false, completion_reason: "error", error_code: "model_error", iterations: 4 });
    expect(run.first("error").data).toMatchObject({
      message: expect.stringContaining("failed 3 times"),
      details: { kind: "loop_detected", tool_name: "patch_file", repeats: 3 },
    });
    expect(run.order.slice(-3)).toEqual(["agent_step", "error", "complete"]);
    expect(run.client.requests[3]!.messages.at(-1)!.content).toContain("A third time ends the run");
  });

  test("a change of the project in between makes it a new try", async () => {
    await using ws = await tempWorkspace({ "a.txt": "a\n" });
    const run = await play(ws, [failing(), failing(), calls(write("b.txt", "1")), failing(), failing(), answer("I give up.")]);
    expect(run.result.success).toBe(true);
  });

  test("garbage arguments over and over", async () => {
    await using ws = await tempWorkspace();
    const garbage = (): Reply => calls(call("write_file", "{{{"));
    const run = await play(ws, [garbage(), garbage(), garbage(), garbage()]);
    expect(run.result).toMatchObject({ completion_reason: "error", iterations: 3 });
  });

  test("durations in the output do not hide a loop", async () => {
    await using ws = await tempWorkspace();
    const slow = () => calls(call("bash_exec", { command: "echo took $(date +%N) ns; exit 3" }));
    const run = await play(ws, [slow(), slow(), slow(), slow()]);
    expect(run.result).toMatchObject({ completion_reason: "error", iterations: 3 });
  });
});

describe("a model that fails", () => {
  test("is asked once more when nothing was said", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[new ModelError("rate_limited", "Slow down.", { retryable: true, retryAfterMs: 10 })], answer("ok")]);
    expect(run.result.success).toBe(true);
    expect(run.charges).toHaveLength(1);
  });

  test("twice is the end", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[brokenLine()], [brokenLine()], answer("never")]);
    expect(run.client.requests).toHaveLength(2);
    expect(run.order).toEqual(["error", "complete"]);
    expect(run.result).toMatchObject({ success: false, completion_reason: "error", error_code: "model_error" });
  });

  test.each([
    ["model_auth_failed", "model_auth_failed"],
    ["rate_limited", "rate_limited"],
    ["context_overflow", "model_error"],
  ] as const)("%s is told as %s, without a second try when it is final", async (code, told) => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[new ModelError(code, "Sorry.")]]);
    expect(run.client.requests).toHaveLength(1);
    expect(run.first("error").data).toEqual({ code: told, message: "Sorry." });
  });

  test("cut off in the middle of text: goes on from there, the text is not said twice", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [
      [...say("The quick "), brokenLine()],
      [...say("brown fox."), stop],
    ]);
    expect(
      run
        .all("text_chunk")
        .map((event) => event.data.content)
        .join(""),
    ).toBe("The quick brown fox.");
    expect(run.result).toMatchObject({ success: true, final_response: "The quick brown fox." });
    expect(run.client.requests[1]!.messages.slice(-2)).toMatchObject([
      { role: "assistant", content: "The quick " },
      { role: "user", kind: "note" },
    ]);
    expect(run.charges.map((one) => one.is_estimated)).toEqual([true, false]);
  });

  test.each([
    ["starts over from the beginning", ["The", " quick brown", " fox."], "The quick brown fox."],
    ["starts over and says it in one piece", ["The quick brown fox."], "The quick brown fox."],
    ["goes on with a word that looks like the beginning", ["The", "rmal fox."], "The quick Thermal fox."],
    ["adds nothing", ["The quick "], "The quick "],
    ["breaks off inside the repetition", ["The"], "The quick The"],
  ])("cut off, and the model %s", async (_name, deltas, expected) => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [
      [...say("The quick "), brokenLine()],
      [...say(...deltas), stop],
    ]);
    expect(
      run
        .all("text_chunk")
        .map((event) => event.data.content)
        .join(""),
    ).toBe(expected);
    expect(run.result.final_response).toBe(expected);
  });

  test("cut off without an error: the stream just ends", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [say("Hal"), [...say("lo"), stop]]);
    expect(run.result).toMatchObject({ success: true, final_response: "Hallo" });
  });

  test("cut off in the middle of a tool call: an error, nothing is run", async () => {
    await using ws = await tempWorkspace();
    const half = write("a.txt", "long content").slice(0, 3);
    const run = await play(ws, [[...say("I write."), ...half, brokenLine()], answer("never")]);
    expect(run.client.requests).toHaveLength(1);
    expect(run.result).toMatchObject({
      success: false,
      completion_reason: "error",
      error_code: "model_error",
      final_response: expect.stringContaining("I write."),
    });
    expect(run.order).toEqual(["text_chunk", "charge", "error", "complete"]);
    expect(await ws.snapshot()).toEqual({});
  });

  test("silent for too long", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [["hang"], ["hang"]], { limits: { model_idle_ms: 60 } });
    expect(run.client.requests).toHaveLength(2);
    expect(run.result).toMatchObject({ completion_reason: "error", error: expect.stringContaining("silent") });
  });

  test("an unknown error of a client tells nothing of itself", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[new TypeError("sk-secret-key in the URL")]]);
    expect(run.result.completion_reason).toBe("error");
    expect(JSON.stringify(run.events)).not.toContain("sk-secret");
  });

  test("an answer of nothing is an error before any work, fine after it", async () => {
    await using ws = await tempWorkspace();
    expect((await play(ws, [[stop]])).result).toMatchObject({ success: false, error: "The model answered with nothing." });
    expect((await play(ws, [calls(write("a.txt")), [stop]])).result).toMatchObject({ success: true, final_response: "Done." });
  });

  test("an answer that is cut off again and again ends, and says that it was", async () => {
    await using ws = await tempWorkspace();
    const cut: Reply = [...say("more "), { type: "finish", reason: "length", usage }];
    const run = await play(ws, [cut, cut, cut, cut]);
    expect(run.result.final_response).toBe("more more more more ");
    expect(run.first("notice").data).toMatchObject({ level: "warning", message: expect.stringContaining("cut off") });
  });

  test("an answer cut off by the output limit is continued", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[...say("One, "), { type: "finish", reason: "length", usage }], answer("two.")]);
    expect(run.result).toMatchObject({ success: true, final_response: "One, two.", iterations: 2 });
  });

  test("usage is estimated when the provider sends none", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[...say("12345678"), { type: "finish", reason: "stop", usage: null }]]);
    expect(run.charges[0]).toMatchObject({ is_estimated: true, tokens_out: 2 });
    expect(run.charges[0]!.tokens_in).toBeGreaterThan(500);
  });
});

describe("hooks that fail", () => {
  test("a tool that was given up cannot speak after the end", async () => {
    await using ws = await tempWorkspace();
    const write0 = ws.files.write;
    let written: Promise<unknown> = Promise.resolve();
    ws.files.write = (path, data, options) => {
      const slow = new Promise((resolve) => setTimeout(resolve, 4_500)).then(() => write0(path, data, options));
      written = slow;
      return slow;
    };
    const run = await play(ws, [calls(write("late.txt"))], {
      onEvent: (event, abort) => event.type === "tool_started" && setTimeout(() => abort.abort(), 20),
    });
    expect(run.result.completion_reason).toBe("cancelled");
    await written;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(run.order.at(-1)).toBe("complete");
    expect(run.all("file_changed")).toEqual([]);
  }, 15_000);

  test("a broken emit ends the run without a throw, and no tool runs after it", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(write("a.txt"))], {
      deps: {
        emit: async (event) => {
          if (event.type === "tool_started") throw new Error("database is gone");
        },
      },
    });
    expect(run.result).toMatchObject({ success: false, completion_reason: "error", error_code: "internal_error" });
    expect(run.result.error).not.toContain("database");
    expect(run.unexpected).toHaveLength(1);
    expect(await ws.snapshot()).toEqual({});
  });

  test("a file_changed that cannot be stored ends the run too", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(write("a.txt")), answer("never")], {
      deps: {
        emit: async (event) => {
          if (event.type === "file_changed") throw new Error("lost");
        },
      },
    });
    expect(run.result).toMatchObject({ success: false, error_code: "internal_error" });
    expect(run.client.requests).toHaveLength(1);
  });

  test("even complete may fail", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [answer("hi")], { deps: { emit: () => Promise.reject(new Error("gone")) } });
    expect(run.result).toMatchObject({ success: false, completion_reason: "error" });
  });

  test("project info that cannot be read", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [answer("hi")], { deps: { getProjectInfo: () => Promise.reject(new Error("gone")) } });
    expect(run.order).toEqual(["error", "complete"]);
  });
});

describe("going on with an interrupted run", () => {
  test("its steps are told as they were, and its counts go on", async () => {
    await using ws = await tempWorkspace();
    const first = await play(ws, [calls(write("1")), [...say("Next"), "hang"]], {
      onEvent: (event, abort) => event.type === "text_chunk" && abort.abort(new RunInterrupted("shutdown")),
    });
    expect(first.result).toMatchObject({ success: false, completion_reason: "error", error_code: "interrupted" });
    const steps = first.all("agent_step").map((event) => event.data);
    const second = await play(ws, [calls(write("2")), answer("Both are there.")], { steps });
    expect(second.client.requests[0]!.messages.slice(1)).toMatchObject([
      { role: "assistant", tool_calls: [{ name: "write_file" }] },
      { role: "tool", tool_name: "write_file", content: expect.stringContaining("Created 1") },
    ]);
    expect(second.client.requests[0]!.messages).toHaveLength(3);
    expect(second.client.requests[0]!.messages[0]!.content).toContain("was interrupted");
    expect(second.result).toMatchObject({ success: true, iterations: 3, tool_calls_made: 2 });
    expect(second.first("agent_step").data.iteration).toBe(2);
  });

  test("a waiting approval survives: same id, earlier results kept, no second model call", async () => {
    await using ws = await tempWorkspace();
    const first = await play(ws, [[...say("Both."), ...write("1"), ...write("2"), ...write("3"), useTools]], {
      editMode: "ask",
      answers: [{ decision: "allow_once" }],
      onEvent: (event, abort) =>
        event.type === "approval_required" && event.pending?.results.length === 1 && abort.abort(new RunInterrupted("kill")),
    });
    const waiting = first.all("approval_required")[1]!;
    const pending = JSON.parse(JSON.stringify(waiting.pending)) as PendingBatch;
    const second = await play(ws, [answer("Done all.")], { editMode: "ask", pending, answers: [{ decision: "allow_all" }] });
    expect(second.approvals.map((one) => one.approval_id)).toEqual([waiting.data.approval_id]);
    expect(second.order).toEqual(["approval_required", "file_changed", "file_changed", "agent_step", "text_chunk", "charge", "complete"]);
    expect(second.first("agent_step").data).toMatchObject({
      iteration: 1,
      response_text: "Both.",
      tool_results: [{ success: true }, { success: true }, { success: true }],
    });
    expect(Object.keys(await ws.snapshot()).toSorted()).toEqual(["1", "2", "3"]);
    expect(second.result).toMatchObject({ success: true, tool_calls_made: 3, iterations: 2 });
  });
});

describe("compaction (4.14)", () => {
  const big = (size: number) => "word ".repeat(size / 5);

  test("older turns become a billed summary, cut between turns; the task in hand is kept", async () => {
    const files = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`big${index}.txt`, "line of text\n".repeat(600)]));
    await using ws = await tempWorkspace(files);
    const client = scripted([...Object.keys(files).map((path) => calls(read(path))), answer("SUMMARY of five reads"), answer("done")]);
    const agent = { system_prompt: "You are an agent.", tools: ["read_file"] };
    const run = await play(ws, [], { agent, model: { client, context_window: 13_500 }, message: "Read it often" });
    expect(run.result).toMatchObject({ success: true, final_response: "done" });
    const summary = client.requests.find((request) => request.system.startsWith("You summarise"));
    expect(summary?.tools).toEqual([]);
    expect(run.charges.map((one) => one.purpose)).toContain("compaction");
    const after = client.requests.at(-1)!.messages;
    expect(after[0]).toMatchObject({ role: "user", kind: "summary", content: expect.stringContaining("SUMMARY of five reads") });
    expect(after[0]!.content).toContain("Read it often");
    expect(after[1]!.role).toBe("assistant");
    const callIds = after.flatMap((message) => (message.role === "assistant" ? message.tool_calls.map((one) => one.id) : []));
    const resultIds = after.flatMap((message) => (message.role === "tool" ? [message.tool_call_id] : []));
    expect(resultIds).toEqual(callIds);
  });

  test("a context overflow is answered by compacting once", async () => {
    await using ws = await tempWorkspace();
    const overflow = new ModelError("context_overflow", "Too long.");
    const run = await play(ws, [calls(write("1")), [overflow], answer("SUMMARY"), answer("done")]);
    expect(run.result).toMatchObject({ success: true, final_response: "done" });
  });

  test.each([4_096, 8_192, 32_768])("what a summary is asked for, and what is kept, fits a window of %i", (window) => {
    const long = "x".repeat(10_000);
    const messages: Message[] = Array.from({ length: 12 }, (_, index): Message[] => [
      { role: "user", content: `${index} ${long}` },
      { role: "assistant", content: "", tool_calls: [{ id: `${index}`, name: "read_file", arguments: "{}" }] },
      { role: "tool", tool_call_id: `${index}`, tool_name: "read_file", content: long, is_error: false },
    ]).flat();
    const plan = planCompaction(
      [{ role: "user", content: `[SUMMARY of earlier turns]\n${long}\n[/SUMMARY]`, kind: "summary" }, ...messages],
      window,
    )!;
    expect(estimateRequestTokens(plan.request) + plan.request.max_output_tokens!).toBeLessThan(window);
    expect(plan.request.messages[0]!.content).toContain("Result of read_file");
    const next = plan.apply("word ".repeat(plan.request.max_output_tokens! / 2));
    expect(estimateRequestTokens({ system: "", messages: next, tools: [] })).toBeLessThan(window);
    expect(next.at(-1)).toMatchObject({ role: "tool", tool_call_id: "11" });
  });

  test("a failed summary is coped with", async () => {
    await using ws = await tempWorkspace();
    const history = [{ role: "user", content: big(30_000) } as const, { role: "assistant", content: big(30_000) } as const];
    const client = scripted([[new ModelError("model_error", "no")], answer("done")]);
    const run = await play(ws, [], { history, model: { client, context_window: 16_000 } });
    expect(run.result.success).toBe(true);
    expect(client.requests[1]!.messages.length).toBe(3);
  });
});
