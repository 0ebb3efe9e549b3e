import { describe, expect, test } from "vitest";
import { needsCompaction, planCompaction, requestMessages } from "./compaction.ts";
import { ModelError } from "./model-error.ts";
import { assistantMessage, imagesOf, textOf, userMessage, type Message, type ModelMessage } from "./conversation.ts";
import type { ModelClient, ModelEvent } from "./model-client.ts";
import { answer, answeredIds, callIds, calls, play, read, resultTexts, scripted, write, type ScriptedClient } from "./testing/harness.ts";
import { compactConversation } from "./summarize.ts";
import { tempWorkspace } from "./testing/temp-workspace.ts";
import { estimateRequestTokens } from "./tokens.ts";

/** A provider that does not count tokens, so that they are estimated. */
const withoutCounts = ({ requests, stream }: ScriptedClient): ScriptedClient => ({
  requests,
  async *stream(request, signal) {
    for await (const event of stream(request, signal)) yield event.type === "finish" ? { ...event, usage: null } : event;
  },
});

test("a summary names the images of results, and a last turn that is too large keeps none", () => {
  const image = { type: "image" as const, name: "page.png", media_type: "image/png" as const, data: "AQ==", width: 1_500, height: 1_500 };
  const turn = (id: string): ModelMessage[] => [
    assistantMessage("", [{ id, name: "verify", arguments: "{}" }]),
    {
      role: "tool",
      parts: [{ type: "tool_result", call_id: id, name: "verify", content: [{ type: "text", text: "ok" }, image], is_error: false }],
    },
  ];
  const record = [userMessage("Look"), ...turn("c1"), ...turn("c2")];
  const plan = planCompaction(record, { window: 4_000, tokens: 6_000, estimate: (messages) => 1_000 * messages.length })!;
  expect(textOf(plan.request.messages[0]!)).toContain("Result of verify: [image page.png] ok");
  const last = requestMessages([...record, plan.apply("Looked.")!]).at(-1)!;
  expect([imagesOf(last), textOf(last)]).toEqual([[], "ok\n\n[The image page.png was left out.]"]);
});

test("more images than a provider takes in one request are compacted, earlier if one of them is large", () => {
  const image = { type: "image" as const, name: "dot.png", media_type: "image/png" as const, data: "AQ==", width: 1, height: 1 };
  const isFull = (count: number, width: number): boolean => {
    const parts = [{ ...image, width }, ...Array.from({ length: count - 1 }, () => image)];
    return needsCompaction([{ role: "user", parts }], 100_000, 100);
  };
  expect([isFull(90, 2_000), isFull(91, 2_000), isFull(20, 2_048), isFull(21, 2_048)]).toEqual([false, true, false, true]);
});

test("the person's words stay in every summary, also where the model's summary of a summary loses them", () => {
  const long = "word ".repeat(20_000);
  const turn = (id: string): Message[] => [
    assistantMessage("", [{ id, name: "read_file", arguments: "{}" }]),
    {
      role: "tool",
      parts: [{ type: "tool_result", call_id: id, name: "read_file", content: [{ type: "text", text: long }], is_error: false }],
    },
  ];
  const options = { window: 20_000, tokens: 100_000, estimate: (messages: ModelMessage[]) => 1_000 * messages.length };
  const record: Message[] = [userMessage("Build the shop"), ...turn("1"), ...turn("2"), ...turn("3")];
  for (const id of ["4", "5"]) {
    record.push(planCompaction(record, options)!.apply("ok")!, ...turn(id), ...turn(`${id}b`));
    expect(textOf(requestMessages(record)[0]!)).toContain("Build the shop");
  }
});

describe("compaction", () => {
  const big = (size: number) => "word ".repeat(size / 5);

  test("older turns become a billed summary, cut between turns; the current task is kept", async () => {
    const files = Object.fromEntries(Array.from({ length: 7 }, (_, index) => [`big${index}.txt`, "line of text\n".repeat(600)]));
    await using ws = await tempWorkspace(files);
    const client = withoutCounts(
      scripted([...Object.keys(files).map((path) => calls(read(path))), answer("SUMMARY of the reads"), answer("done")]),
    );
    const agent = { system_prompt: "You are an agent.", tools: ["read_file"] };
    const run = await play(ws, [], { agent, model: { client, context_window: 13_500 }, message: "Read it often" });
    expect(run.result).toMatchObject({ success: true, final_response: "done" });
    const summary = client.requests.find((request) => request.system.startsWith("You summarise"));
    expect(summary?.tools).toEqual([]);
    expect(run.charges.map((one) => one.purpose)).toContain("compaction");
    const after = client.requests.at(-1)!.messages;
    expect(after[0]).toMatchObject({ role: "user", kind: "summary" });
    expect(textOf(after[0]!)).toContain("SUMMARY of the reads");
    expect(textOf(after[0]!)).toContain("Read it often");
    expect(after[1]!.role).toBe("assistant");
    expect(answeredIds(after)).toEqual(callIds(after));
    const marks = run.appended.filter((message) => message.role === "compaction");
    expect(marks.length).toBeGreaterThan(0);
    expect(marks[0]!.tokens_after).toBeLessThan(marks[0]!.tokens_before);
    const { replaced, kept, tokens_before, tokens_after } = marks[0]!;
    expect(run.first("compacted").data).toEqual({ replaced, kept, tokens_before, tokens_after, summary: "SUMMARY of the reads" });
    expect(run.all("notice")).toEqual([]);
    expect(requestMessages(run.appended)).toEqual([...after, run.appended.at(-1)]);
  });

  test("a file whose text was summarized must be read again before it is replaced; a file whose text was kept need not", async () => {
    const names = Array.from({ length: 6 }, (_, index) => `big${index}.txt`);
    await using ws = await tempWorkspace(Object.fromEntries(names.map((name) => [name, "line of text\n".repeat(600)])));
    const [first, last] = [names[0]!, names[5]!];
    const client = withoutCounts(
      scripted([...names.map((path) => calls(read(path))), answer("SUMMARY"), calls(write(first), write(last)), answer("done")]),
    );
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
    const stream: ModelClient["stream"] = async function* (request) {
      if (request.system.startsWith("You summarise")) {
        yield* answer("SUMMARY") as ModelEvent[];
        return;
      }
      if (estimateRequestTokens(request) > 9_000) {
        overflows++;
        throw new ModelError("context_overflow", "Too long.");
      }
      yield* replies.shift() as ModelEvent[];
    };
    const client = withoutCounts({ requests: [], stream });
    const agent = { system_prompt: "You are an agent.", tools: ["read_file"] };
    const run = await play(ws, [], { agent, model: { client, context_window: 128_000 }, message: "Read them" });
    expect(run.result).toMatchObject({ success: true, final_response: "done", tool_calls_made: 8 });
    // Once is enough to know.
    expect(overflows).toBe(1);
  });

  test("the window that the provider names is used, and reported; the call is repeated once", async () => {
    await using ws = await tempWorkspace();
    const conversation = Array.from({ length: 12 }, (_, index) => [userMessage(`${index} ${big(8_000)}`), assistantMessage("ok")]).flat();
    const overflow = new ModelError("context_overflow", "Too long.", { contextWindow: 8_192 });
    const client = scripted([[overflow], answer("SUMMARY"), answer("done")]);
    const run = await play(ws, [], { conversation, model: { client, context_window: 128_000 } });
    expect(run.result).toMatchObject({ success: true, final_response: "done", resource_stats: { context_window: 8_192 } });
    expect(client.requests.map((request) => estimateRequestTokens(request) < 8_192)).toEqual([false, true, true]);
    const again = await play(ws, [], {
      conversation,
      model: { client: scripted([[overflow], answer("SUMMARY"), [overflow]]), context_window: 128_000 },
    });
    expect(again.result).toMatchObject({
      success: false,
      error: "Too long. It was compacted and is still too long. Start a new chat, or choose a model with a larger context window.",
    });
  });

  test.each([4_096, 8_192, 32_768])("the request for a summary and the kept turns fit a window of %i", (window) => {
    const long = "x".repeat(10_000);
    const messages: Message[] = Array.from({ length: 12 }, (_, index): Message[] => [
      userMessage(`${index} ${long}`),
      assistantMessage("", [{ id: `${index}`, name: "read_file", arguments: "{}" }]),
      {
        role: "tool",
        parts: [{ type: "tool_result", call_id: `${index}`, name: "read_file", content: [{ type: "text", text: long }], is_error: false }],
      },
    ]).flat();
    const sizes = { kept: 0, replaced: 9, tokens_before: 0, tokens_after: 0 };
    const earlier: Message = { role: "compaction", summary: `[SUMMARY of earlier turns]\n${long}\n[/SUMMARY]`, ...sizes };
    const estimate = (given: ModelMessage[]): number => estimateRequestTokens({ system: "", messages: given, tools: [] });
    const record = [userMessage("long ago"), earlier, ...messages];
    const plan = planCompaction(record, { window, tokens: 100_000, estimate })!;
    expect(estimateRequestTokens(plan.request) + plan.request.max_output_tokens!).toBeLessThan(window);
    expect(textOf(plan.request.messages[0]!)).toContain("Result of read_file");
    expect(textOf(plan.request.messages[0]!)).not.toContain("long ago");
    const mark = plan.apply("word ".repeat(plan.request.max_output_tokens! / 2))!;
    const next = requestMessages([...record, mark]);
    expect(mark.tokens_after).toBe(estimate(next));
    expect(estimateRequestTokens({ system: "", messages: next, tools: [] })).toBeLessThan(window);
    expect(next.at(-1)).toMatchObject({ role: "tool", parts: [{ call_id: "11" }] });
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
        if (!isSummary) resultCounts.push(resultTexts(request.messages).length);
        yield* (isSummary ? answer("SUMMARY") : replies.shift()) as ModelEvent[];
      },
    };
    const agent = { system_prompt: "You are an agent.", tools: ["read_file"] };
    const run = await play(ws, [], { agent, model: { client, context_window }, message: "Read them" });
    expect(run.result).toMatchObject({ success: true, final_response: "done", tool_calls_made: 16 });
    expect(resultCounts).toEqual([0, 16]);
  });

  test("a failed summary does not end the run, and is told once", async () => {
    await using ws = await tempWorkspace();
    const conversation = [userMessage(big(30_000)), assistantMessage(big(30_000))];
    const failed = (): [ModelError] => [new ModelError("model_error", "The provider refused the request (400).")];
    const client = scripted([failed(), calls(write("1")), failed(), calls(write("2")), answer("done")]);
    const run = await play(ws, [], { conversation, model: { client: withoutCounts(client), context_window: 16_000 } });
    expect(run.result.success).toBe(true);
    expect(client.requests[1]!.messages.length).toBe(3);
    expect(run.all("notice").map((event) => event.data)).toEqual([
      {
        level: "warning",
        message: "The chat is close to the model's context window and couldn't be compacted. The provider refused the request (400).",
      },
    ]);
    expect(run.all("compacted")).toEqual([]);
  });

  test("a summary that would not make the conversation shorter is not used", async () => {
    await using ws = await tempWorkspace();
    const conversation = [userMessage("old"), assistantMessage("answer"), userMessage(big(52_000)), assistantMessage("ok")];
    const client = withoutCounts(scripted([answer(big(60_000)), answer("done")]));
    const run = await play(ws, [], { conversation, model: { client, context_window: 16_000 } });
    expect(run.result).toMatchObject({ success: true, final_response: "done" });
    expect(run.appended.some((message) => message.role === "compaction")).toBe(false);
    expect(run.first("notice").data.message).toMatch(/couldn't be compacted\. A summary would not make it shorter\.$/);
  });

  test("a refused conversation without older messages ends the run with what can be done", async () => {
    await using ws = await tempWorkspace();
    const run = await play(ws, [[new ModelError("context_overflow", "The conversation is too long for m.")]]);
    expect(run.result).toMatchObject({
      success: false,
      error:
        "The conversation is too long for m. It couldn't be compacted: There are no older messages to summarize. Start a new chat, or choose a model with a larger context window.",
    });
    expect(run.first("error").data).toMatchObject({ kind: "context" });
  });

  test("compaction starts from the tokens that the provider counted, and keeps about 20,000 whole", async () => {
    await using ws = await tempWorkspace();
    const conversation = Array.from({ length: 40 }, (_, index) => [userMessage(`${index} ${big(8_000)}`), assistantMessage("ok")]).flat();
    const counted = (tokens_in: number): Message => ({ ...assistantMessage("ok"), usage: { tokens_in, tokens_out: 10 } });
    const options = (tokens_in: number): Parameters<typeof play>[2] => ({
      conversation: [...conversation, counted(tokens_in)],
      model: { client: scripted([answer("SUMMARY"), answer("done")]), context_window: 200_000 },
    });
    const below = await play(ws, [], options(150_000));
    expect(below.all("compacted")).toEqual([]);
    const above = await play(ws, [], options(161_000));
    const { data } = above.first("compacted");
    expect(data.tokens_before).toBeGreaterThan(161_000);
    expect(data.replaced + data.kept).toBe(conversation.length + 2);
    const [mark] = above.appended.filter((message) => message.role === "compaction");
    const kept = requestMessages([...conversation, counted(0), above.appended[0]!, mark!]).slice(1);
    const tokens = estimateRequestTokens({ system: "", messages: kept, tools: [] });
    expect(tokens).toBeGreaterThan(16_000);
    expect(tokens).toBeLessThan(20_500);
    // Cut before a person's message or an answer, never between a call and its result.
    expect(kept[0]!.role).not.toBe("tool");
  });
});

describe("compaction at a person's request", () => {
  const summarized = (conversation: Message[], summary: string) =>
    compactConversation({
      client: scripted([answer(summary)]),
      context_window: 200_000,
      system_prompt: "You are an agent.",
      conversation,
      beforeCall: async () => 2_000,
      signal: new AbortController().signal,
      onUsage: async () => undefined,
    });
  const turns = (count: number, size: number): Message[] =>
    Array.from({ length: count }, (_, index) => [userMessage(`${index} ${"word ".repeat(size / 5)}`), assistantMessage("ok")]).flat();

  test("keeps as much of a long chat as a run does, and at most half of a short one", async () => {
    const long = await summarized(turns(40, 8_000), " SUMMARY ");
    if (typeof long === "string") throw new Error(long);
    expect(long.facts).toMatchObject({ summary: "SUMMARY", replaced: long.mark.replaced, kept: long.mark.kept });
    expect(long.mark.kept * 1_000).toBeGreaterThan(16_000);
    expect(long.mark.kept * 1_000).toBeLessThan(24_000);
    const short = await summarized(turns(10, 8_000), "SUMMARY");
    if (typeof short === "string") throw new Error(short);
    expect(short.mark.kept).toBeLessThanOrEqual(10);
  });

  test("says why there is nothing to do", async () => {
    expect(await summarized([userMessage("one")], "never")).toBe("too_short");
    expect(await summarized(turns(3, 100), " ")).toBe("empty");
    expect(await summarized(turns(3, 100), "long ".repeat(1_000))).toBe("no_smaller");
  });
});
