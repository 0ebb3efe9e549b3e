import { describe, expect, test } from "vitest";
import { progressOf } from "./batch.ts";
import { textOf } from "./conversation.ts";
import { answer, call, calls, play, read, say, stop, useTools, write, answeredIds, callIds } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";
import type { AgentEvent } from "./events.ts";
import type { PendingBatch } from "./pending-batch.ts";
import { RunInterrupted } from "./run-options.ts";

describe("the order of events", () => {
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

  test("reasoning is streamed in its order, and all of it is the thought of the step", async () => {
    await using ws = await tempWorkspace();
    const reason = (delta: string, starts?: true) => ({ type: "reasoning" as const, delta, ...(starts && { starts }) });
    const reply = [reason("A page", true), reason(" is missing."), ...say("I look."), reason("Which one?", true), ...write("a.txt")];
    const run = await play(ws, [
      [...reply, useTools],
      [reason("Done?"), ...say("Yes."), stop],
    ]);
    const shown = run.events.flatMap((event) =>
      event.type === "reasoning_chunk" || event.type === "text_chunk"
        ? [`${event.type} ${event.data.iteration} ${event.data.content}`]
        : [],
    );
    expect(shown.join("|").replaceAll("|reasoning_chunk 1  is", " is")).toBe(
      "reasoning_chunk 1 A page is missing.|text_chunk 1 I look.|reasoning_chunk 1 \n\nWhich one?|reasoning_chunk 2 Done?|text_chunk 2 Yes.",
    );
    expect(run.first("agent_step").data.thought).toBe("A page is missing.\n\nWhich one?");
  });

  test("an agent that does not stream shows its reasoning before its text, when the call has ended", async () => {
    await using ws = await tempWorkspace();
    const reply = [{ type: "reasoning" as const, delta: "Hm, " }, { type: "reasoning" as const, delta: "hm." }, ...say("Yes", "."), stop];
    const run = await play(ws, [reply], { isStreamed: false });
    expect(run.order).toEqual(["reasoning_chunk", "text_chunk", "charge", "complete"]);
    expect(run.first("reasoning_chunk").data.content).toBe("Hm, hm.");
  });

  test("one write in ask mode, exactly as in the contract's example", async () => {
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
          result: {
            success: true,
            file_path: "src/About.tsx",
            preview: "a\nb",
            change: { additions: 2, deletions: 0 },
            details: { size_bytes: 4, line_count: 2 },
          },
        },
      ],
      response_text: "I'll add the page.",
      is_complete: false,
    });
    expect(run.result).toMatchObject({ success: true, iterations: 2, tool_calls_made: 1, final_response: "Added src/About.tsx." });
  });

  test("text reaches the caller while the model still streams", async () => {
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

  test("emit is awaited: no event overtakes a slow commit, and waiting text is merged", async () => {
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

  test("the next request contains the model's text, calls and results", async () => {
    await using ws = await tempWorkspace({ "a.txt": "hello\n" });
    const run = await play(ws, [[...say("Looking."), ...read("a.txt"), useTools], answer("done")]);
    const [, second] = run.client.requests;
    expect(second!.messages.slice(1)).toMatchObject([
      {
        role: "assistant",
        parts: [
          { type: "text", text: "Looking." },
          { type: "tool_call", name: "read_file", arguments: '{"file_path":"a.txt"}' },
        ],
      },
      {
        role: "tool",
        parts: [{ name: "read_file", content: [{ type: "text", text: expect.stringContaining("hello") }], is_error: false }],
      },
    ]);
  });
});

describe("calls of one batch", () => {
  test("adjacent reads run concurrently; a read after a write sees it", async () => {
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
      calls(call("run_command", { command: "sleep 0.1; echo one >> log" }), call("run_command", { command: "echo two >> log" })),
      answer("ok"),
    ]);
    expect(await ws.get("log")).toBe("one\ntwo\n");
  });

  test("broken JSON, an unknown tool and wrong arguments become results for the model", async () => {
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

  test("accepts numbers as text, null for missing values and lists as JSON text", async () => {
    await using ws = await tempWorkspace({ "a.txt": "1\n2\n3\n" });
    const run = await play(ws, [
      calls(
        call("read_file", { file_path: "a.txt", offset: "2", limit: null }),
        call("edit_file", { file_path: "a.txt", edits: JSON.stringify([{ search: "1", replace: "one" }]) }),
      ),
      answer("ok"),
    ]);
    expect(run.first("agent_step").data.tool_results.map((result) => result.success)).toEqual([true, true]);
    expect(await ws.get("a.txt")).toBe("one\n2\n3\n");
  });

  test("long results are truncated in the middle for the model, and less in the step", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(call("run_command", { command: "echo BEGIN; seq -f %050g 1 9000; echo END" })), answer("ok")]);
    const output = textOf(run.client.requests[1]!.messages.at(-1)!);
    expect(output.length).toBeLessThan(51_000);
    expect(output).toMatch(/BEGIN[\s\S]*characters\) left out[\s\S]*END/);
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

  test("read-only tools retry an unavailable workspace", async () => {
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
    expect(run.client.requests[0]!.tools.map((tool) => tool.name)).toEqual(["read_file", "read_output"]);
    expect(await ws.snapshot()).toEqual({});
  });
});

describe("hooks that fail", () => {
  test("an abandoned tool cannot emit events after the run ended", async () => {
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

  test("a failing emit ends the run without throwing, and no tool runs after it", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [calls(write("a.txt"))], {
      deps: {
        emit: async (event) => {
          if (event.type === "tool_started") throw new Error("database is down");
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

  test("a failing emit of complete does not throw", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [answer("hi")], { deps: { emit: () => Promise.reject(new Error("failed")) } });
    expect(run.result).toMatchObject({ success: false, completion_reason: "error" });
  });

  test("a failure to read the project info ends the run", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [answer("hi")], { deps: { getProjectInfo: () => Promise.reject(new Error("failed")) } });
    expect(run.order).toEqual(["error", "complete"]);
  });
});

describe("resuming an interrupted run", () => {
  test("its steps are kept unchanged, and its counts continue", async () => {
    await using ws = await tempWorkspace();
    const first = await play(ws, [calls(write("1")), [...say("Next"), "hang"]], {
      onEvent: (event, abort) => event.type === "text_chunk" && abort.abort(new RunInterrupted("shutdown")),
    });
    expect(first.result).toMatchObject({ success: false, completion_reason: "error", error_code: "interrupted" });
    const steps = first.all("agent_step").map((event) => event.data);
    const resumes = { ...progressOf(steps), reason: "interrupted" as const };
    const second = await play(ws, [calls(write("2")), answer("Both are there.")], { conversation: first.appended, resumes });
    const [, interrupted] = first.client.requests;
    const resumed = second.client.requests[0]!.messages;
    // What was sent before is sent again as it was, and one note after it.
    expect(resumed.slice(0, -1)).toEqual(interrupted!.messages);
    expect(resumed.at(-1)).toMatchObject({ role: "user", kind: "note" });
    expect(textOf(resumed.at(-1)!)).toContain("was interrupted");
    expect(second.result).toMatchObject({ success: true, iterations: 3, tool_calls_made: 2 });
    expect(second.first("agent_step").data.iteration).toBe(2);
  });

  test("an open approval survives: same id, earlier results kept, no second model call", async () => {
    await using ws = await tempWorkspace();
    const first = await play(ws, [[...say("Both."), ...write("1"), ...write("2"), ...write("3"), useTools]], {
      editMode: "ask",
      answers: [{ decision: "allow_once" }],
      onEvent: (event, abort) =>
        event.type === "approval_required" && event.pending?.results.length === 1 && abort.abort(new RunInterrupted("kill")),
    });
    const waiting = first.all("approval_required")[1]!;
    const pending = JSON.parse(JSON.stringify(waiting.pending)) as PendingBatch;
    const second = await play(ws, [answer("Done all.")], {
      editMode: "ask",
      conversation: first.appended,
      resumes: { iteration: 0, tool_calls_made: 0, reason: "interrupted" },
      pending,
      answers: [{ decision: "allow_all" }],
    });
    const received = second.client.requests[0]!.messages;
    expect(received.map((message) => message.role)).toEqual(["user", "assistant", "tool"]);
    expect(answeredIds(received)).toEqual(callIds(received));
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
