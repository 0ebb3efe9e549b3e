import { describe, expect, test } from "vitest";
import { planCompaction } from "./compaction.ts";
import { ModelError } from "./model-error.ts";
import type { Message, ModelClient, ModelEvent } from "./model-client.ts";
import { answer, calls, play, read, scripted, write } from "./testing/harness.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";
import { estimateRequestTokens } from "./tokens.ts";

describe("compaction", () => {
  const big = (size: number) => "word ".repeat(size / 5);

  test("older turns become a billed summary, cut between turns; the current task is kept", async () => {
    const files = Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`big${index}.txt`, "line of text\n".repeat(600)]));
    await using ws = await tempWorkspace(files);
    const client = scripted([...Object.keys(files).map((path) => calls(read(path))), answer("SUMMARY of the reads"), answer("done")]);
    const agent = { system_prompt: "You are an agent.", tools: ["read_file"] };
    const run = await play(ws, [], { agent, model: { client, context_window: 13_500 }, message: "Read it often" });
    expect(run.result).toMatchObject({ success: true, final_response: "done" });
    const summary = client.requests.find((request) => request.system.startsWith("You summarise"));
    expect(summary?.tools).toEqual([]);
    expect(run.charges.map((one) => one.purpose)).toContain("compaction");
    const after = client.requests.at(-1)!.messages;
    expect(after[0]).toMatchObject({ role: "user", kind: "summary", content: expect.stringContaining("SUMMARY of the reads") });
    expect(after[0]!.content).toContain("Read it often");
    expect(after[1]!.role).toBe("assistant");
    const callIds = after.flatMap((message) => (message.role === "assistant" ? message.tool_calls.map((one) => one.id) : []));
    const resultIds = after.flatMap((message) => (message.role === "tool" ? [message.tool_call_id] : []));
    expect(resultIds).toEqual(callIds);
  });

  test("a file whose text was summarized must be read again before it is replaced; a file whose text was kept need not", async () => {
    const names = Array.from({ length: 6 }, (_, index) => `big${index}.txt`);
    await using ws = await tempWorkspace(Object.fromEntries(names.map((name) => [name, "line of text\n".repeat(600)])));
    const [first, last] = [names[0]!, names[5]!];
    const client = scripted([
      ...names.map((path) => calls(read(path))),
      answer("SUMMARY"),
      calls(write(first), write(last)),
      answer("done"),
    ]);
    const run = await play(ws, [], { model: { client, context_window: 15_500 }, message: "Shorten them" });
    expect(run.result).toMatchObject({ success: true, final_response: "done" });
    expect(run.all("agent_step").at(-1)?.data.tool_results).toMatchObject([
      { success: false, error: expect.stringMatching(/no longer in this conversation/) },
      { success: true },
    ]);
    expect([(await ws.get(first))?.length, await ws.get(last)]).toEqual([7_800, "x\n"]);
  });

  test("a context overflow leads to one compaction", async () => {
    await using ws = await tempWorkspace();
    const overflow = new ModelError("context_overflow", "Too long.");
    const run = await play(ws, [calls(write("1")), [overflow], answer("SUMMARY"), answer("done")]);
    expect(run.result).toMatchObject({ success: true, final_response: "done" });
  });

  test("a smaller context window is detected from the overflow", async () => {
    const names = Array.from({ length: 8 }, (_, index) => `big${index}.txt`);
    await using ws = await tempWorkspace(Object.fromEntries(names.map((name) => [name, "line of text\n".repeat(600)])));
    const replies = [...names.map((path) => calls(read(path))), answer("done")];
    let overflows = 0;
    const client: ModelClient = {
      async *stream(request) {
        if (request.system.startsWith("You summarise")) {
          yield* answer("SUMMARY") as ModelEvent[];
          return;
        }
        if (estimateRequestTokens(request) > 9_000) {
          overflows++;
          throw new ModelError("context_overflow", "Too long.");
        }
        yield* replies.shift() as ModelEvent[];
      },
    };
    const agent = { system_prompt: "You are an agent.", tools: ["read_file"] };
    const run = await play(ws, [], { agent, model: { client, context_window: 128_000 }, message: "Read them" });
    expect(run.result).toMatchObject({ success: true, final_response: "done", tool_calls_made: 8 });
    // Once is enough to know.
    expect(overflows).toBe(1);
  });

  test.each([4_096, 8_192, 32_768])("the request for a summary and the kept turns fit a window of %i", (window) => {
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

  test.each([8_192, 32_768])("many large results at once do not end a run in a window of %i", async (context_window) => {
    const names = Array.from({ length: 16 }, (_, index) => `big${index}.txt`);
    await using ws = await tempWorkspace(Object.fromEntries(names.map((name) => [name, "line of text\n".repeat(650)])));
    const replies = [calls(...names.map((path) => read(path))), answer("done")];
    const resultCounts: number[] = [];
    const client: ModelClient = {
      async *stream(request) {
        const tokens = estimateRequestTokens(request);
        if (tokens > context_window) throw new ModelError("context_overflow", "Too long.");
        const isSummary = request.system.startsWith("You summarise");
        if (!isSummary) resultCounts.push(request.messages.filter((message) => message.role === "tool").length);
        yield* (isSummary ? answer("SUMMARY") : replies.shift()) as ModelEvent[];
      },
    };
    const agent = { system_prompt: "You are an agent.", tools: ["read_file"] };
    const run = await play(ws, [], { agent, model: { client, context_window }, message: "Read them" });
    expect(run.result).toMatchObject({ success: true, final_response: "done", tool_calls_made: 16 });
    expect(resultCounts).toEqual([0, 16]);
  });

  test("a failed summary does not end the run", async () => {
    await using ws = await tempWorkspace();
    const history = [{ role: "user", content: big(30_000) } as const, { role: "assistant", content: big(30_000) } as const];
    const client = scripted([[new ModelError("model_error", "no")], answer("done")]);
    const run = await play(ws, [], { history, model: { client, context_window: 16_000 } });
    expect(run.result.success).toBe(true);
    expect(client.requests[1]!.messages.length).toBe(3);
  });
});
