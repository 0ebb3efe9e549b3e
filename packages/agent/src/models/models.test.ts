import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { assistantMessage, userMessage, type ModelMessage, type ToolResultPart } from "../conversation.ts";
import {
  call as callTool,
  disconnect,
  fail,
  finish,
  garbage,
  hang,
  malformed,
  nextMessage,
  parallel,
  png,
  say as sayText,
  script,
  startModelServer,
  think,
  turn,
  usage as counts,
  type ModelServer,
  type ScriptItem,
} from "@tesslate/testkit";
import { requestMessages } from "../compaction.ts";
import { ModelError } from "../model-error.ts";
import { play } from "../testing/harness.ts";
import { tempWorkspace } from "../testing/temp-workspace.ts";
import type { ModelEvent, ModelRequest } from "../model-client.ts";
import { createModelClient } from "./index.ts";
import { providerPrompt } from "./prompt.ts";
import type { ModelClientOptions } from "./options.ts";

let server: ModelServer;
beforeEach(async () => {
  server = await startModelServer({ apiKey: "sk-right-key-1234" });
});
afterEach(async () => {
  await server.close();
  for (const recorder of Object.values(server.published)) recorder.verify();
});

const dialects = ["openai-responses", "openai-compatible", "anthropic", "google"] as const;
type Dialect = (typeof dialects)[number];
const optionsFor = (provider: Dialect, changes: Partial<ModelClientOptions> = {}): ModelClientOptions => ({
  provider,
  base_url: {
    "openai-responses": server.openai_base_url,
    "openai-compatible": server.openai_base_url,
    anthropic: server.anthropic_base_url,
    google: server.google_base_url,
  }[provider],
  api_key: "sk-right-key-1234",
  model: "scripted",
  fetch,
  ...changes,
});
const request = (text = "Hello", changes: Partial<ModelRequest> = {}): ModelRequest => ({
  system: "You are an agent.",
  messages: [userMessage(text)],
  tools: [
    {
      name: "read_file",
      description: "Read",
      parameters: { type: "object", properties: { file_path: { type: "string" } }, required: ["file_path"] },
    },
  ],
  ...changes,
});

async function collect(options: ModelClientOptions, given = request(), signal = new AbortController().signal): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of createModelClient(options).stream(given, signal)) events.push(event);
  return events;
}
const textOf = (events: ModelEvent[]): string => events.map((event) => (event.type === "text" ? event.delta : "")).join("");
const plays = (...items: ScriptItem[]): void => server.setScript(script(items));

describe.each(dialects)("%s over the wire", (provider) => {
  test("images reach the provider in its format, before their text", async () => {
    plays(sayText("A blue square."));
    const bytes = png(8, 8);
    const picture = {
      type: "image" as const,
      name: "a.png",
      media_type: "image/png" as const,
      data: bytes.toString("base64"),
      width: 8,
      height: 8,
    };
    await collect(
      optionsFor(provider),
      request("", { messages: [{ role: "user", parts: [picture, { type: "text", text: "What is it?" }] }] }),
    );
    expect(server.requests.at(-1)?.request?.messages).toEqual([
      { role: "user", text: "What is it?", images: [{ media_type: "image/png", bytes: bytes.length }] },
    ]);
  });

  test("images of results reach the provider: within the result where its API has that, else after it with the call", async () => {
    plays(callTool("read_file", { file_path: "a.png" }), sayText("A blue square."));
    const data = png(8, 8).toString("base64");
    const picture = { type: "image" as const, name: "a.png", media_type: "image/png" as const, data, width: 8, height: 8 };
    const call = { id: "call_1", name: "read_file", arguments: '{"file_path":"a.png"}' };
    const result: ToolResultPart = {
      type: "tool_result",
      call_id: "call_1",
      name: "read_file",
      content: [{ type: "text", text: "a.png: 8 x 8 pixels." }, picture],
      is_error: false,
    };
    const messages: ModelMessage[] = [userMessage("Look"), assistantMessage("", [call]), { role: "tool", parts: [result] }];
    await collect(optionsFor(provider), request("", { messages }));
    const images = [{ media_type: "image/png", bytes: png(8, 8).length }];
    const sent = () => server.requests.at(-1)!.request!.messages.slice(2);
    const shown = expect.stringContaining("a.png: 8 x 8 pixels.");
    const takesImages = provider === "anthropic" || provider === "openai-responses";
    const within = [{ role: "tool", text: shown, images }];
    const after = [
      { role: "tool", text: shown },
      { role: "user", text: "[The image a.png is from the result of read_file (call_1).]", images },
    ];
    expect(sent()).toMatchObject(takesImages ? within : after);
    expect(JSON.stringify(server.requests.at(-1)!.body).split(data)).toHaveLength(2);
    if (provider === "google") {
      await collect(optionsFor(provider, { model: "gemini-3.1-pro" }), request("", { messages }));
      expect(sent()).toMatchObject(within);
      await collect(optionsFor(provider, { model: "gemini-2.5-flash" }), request("", { messages }));
      expect(sent()).toMatchObject(after);
    }
    // Without its data, only its name is sent; the images beside it stay.
    const deleted = { ...picture, name: "b.png", data: undefined };
    const mixed: ModelMessage = { role: "tool", parts: [{ ...result, content: [...result.content, deleted] }] };
    await collect(optionsFor(provider), request("", { messages: [...messages.slice(0, 2), mixed] }));
    expect(sent()).toMatchObject(
      (takesImages ? within : after).map((message) => (message.role === "tool" ? { ...message, text: expect.any(String) } : message)),
    );
    expect(sent()[0]!.text).toContain("[The image b.png was deleted.]");
  });

  test("the level of reasoning reaches the provider in its own terms, and nothing without one", async () => {
    const sent = async (reasoning?: ModelRequest["reasoning"]): Promise<string> => {
      plays(sayText("Yes."));
      const model = {
        "openai-responses": "gpt-5.1",
        "openai-compatible": "gpt-5.1",
        anthropic: "claude-sonnet-4-6",
        google: "gemini-2.5-flash",
      }[provider];
      await collect(optionsFor(provider, { model }), request("Hello", reasoning && { reasoning }));
      const {
        reasoning: own,
        reasoning_effort,
        thinking,
        output_config,
        generationConfig,
      } = server.requests.at(-1)!.body as Record<string, unknown>;
      return JSON.stringify({ reasoning: own, reasoning_effort, thinking, output_config, generationConfig });
    };
    expect([await sent(), await sent("low"), await sent("off")]).toEqual(
      {
        "openai-responses": [
          '{"reasoning":{"summary":"auto"}}',
          '{"reasoning":{"effort":"low","summary":"auto"}}',
          '{"reasoning":{"effort":"none"}}',
        ],
        "openai-compatible": ["{}", '{"reasoning_effort":"low"}', '{"reasoning_effort":"none"}'],
        anthropic: [
          "{}",
          '{"thinking":{"type":"adaptive","display":"summarized"},"output_config":{"effort":"low"}}',
          '{"thinking":{"type":"disabled"}}',
        ],
        google: [
          '{"generationConfig":{}}',
          '{"generationConfig":{"thinkingConfig":{"thinkingBudget":6554,"includeThoughts":true}}}',
          '{"generationConfig":{"thinkingConfig":{"thinkingBudget":0}}}',
        ],
      }[provider],
    );
  });

  test("text streams in pieces and ends with the usage", async () => {
    plays(turn(sayText("Hello there, this is an answer of several tokens."), counts({ input: 120, output: 12, cached: 100 })));
    const events = await collect(optionsFor(provider));
    expect(textOf(events)).toBe("Hello there, this is an answer of several tokens.");
    expect(events.filter((event) => event.type === "text").length).toBeGreaterThan(3);
    expect(events.at(-1)).toEqual({
      type: "finish",
      reason: "stop",
      usage: { tokens_in: 120, tokens_out: 12, tokens_cached: 100 },
      source: { provider, model: "scripted" },
    });
  });

  test("parallel calls arrive complete, with their text", async () => {
    plays(sayText("Both."), parallel(callTool("read_file", { file_path: "a.txt" }), callTool("read_file", { file_path: "b.txt" })));
    const events = await collect(optionsFor(provider));
    const starts = events.filter((event) => event.type === "tool_call_start");
    const ends = events.filter((event) => event.type === "tool_call_end");
    expect(starts.map((event) => event.name)).toEqual(["read_file", "read_file"]);
    expect(new Set(starts.map((event) => event.id)).size).toBe(2);
    expect(ends.map((event) => JSON.parse(event.arguments ?? ""))).toEqual([{ file_path: "a.txt" }, { file_path: "b.txt" }]);
    expect(textOf(events)).toBe("Both.");
    expect(events.at(-1)).toMatchObject({ type: "finish", reason: "tool_calls" });
  });

  test("a run sends tools, results and the system prompt to the provider, and writes files to the project", async () => {
    await using ws = await tempWorkspace({ "a.txt": "content of a\n" });
    plays(
      sayText("I look."),
      callTool("read_file", { file_path: "a.txt" }),
      parallel(callTool("write_file", { file_path: "b.txt", content: "B\n" }), callTool("read_file", { file_path: "a.txt" })),
      sayText("All done."),
    );
    const run = await play(ws, [], { model: { client: createModelClient(optionsFor(provider)) }, message: "Copy it" });
    expect(run.result).toMatchObject({ success: true, final_response: "All done.", iterations: 3, tool_calls_made: 3 });
    expect(await ws.get("b.txt")).toBe("B\n");
    const received = server.requests.map((one) => one.request).at(-1)!;
    expect(received.system).toContain("You are an agent.");
    expect(received.tools).toContain("run_command");
    expect(received.messages.map((message) => message.role)).toEqual(["user", "assistant", "tool", "assistant", "tool", "tool"]);
    expect(received.messages[1]).toMatchObject({ text: "I look.", calls: [{ name: "read_file" }] });
    expect(received.messages[2]).toMatchObject({ text: expect.stringContaining("content of a") });
    expect(run.charges.every((charge) => !charge.is_estimated)).toBe(true);
  });

  test("an invalid key is reported and never shown", async () => {
    const error = await collect(optionsFor(provider, { api_key: "sk-wrong-key-9876" })).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "ModelError", code: "model_auth_failed", retryable: false });
    expect(JSON.stringify([(error as Error).message, (error as Error).cause, (error as Error).stack])).not.toMatch(/9876|wrong-key/);
  });

  test("API keys of the environment are never sent in place of a missing one", async () => {
    const names = ["OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"];
    for (const name of names) process.env[name] = "sk-right-key-1234";
    try {
      await expect(collect(optionsFor(provider, { api_key: null }))).rejects.toMatchObject({ code: "model_auth_failed" });
    } finally {
      for (const name of names) delete process.env[name];
    }
  });

  test.each([
    [401, "model_auth_failed", "auth", false],
    [402, "model_error", "quota", false],
    [429, "rate_limited", "rate_limit", true],
    [500, "model_error", "overloaded", true],
    [503, "model_error", "overloaded", true],
    [529, "model_error", "overloaded", true],
    [400, "model_error", "refused", false],
    [404, "model_error", "not_found", false],
  ] as const)("HTTP %i is %s of kind %s, retryable: %s, with the provider's message", async (status, code, kind, retryable) => {
    plays(fail(status, { retryAfter: 7, times: 9, message: "The engine burns for sk-somebody-12345678 and abc***xyz." }), sayText("never"));
    await expect(collect(optionsFor(provider))).rejects.toMatchObject({
      name: "ModelError",
      code,
      kind,
      retryable,
      reason: "The engine burns for [key] and [key].",
      message: expect.stringContaining("It says: “The engine burns for [key] and [key].”"),
    });
  });

  test("Retry-After is passed on", async () => {
    plays(fail(429, { retryAfter: 7, times: 9 }), sayText("never"));
    await expect(collect(optionsFor(provider))).rejects.toMatchObject({ retryAfterMs: 7_000 });
  });

  test("a conversation that is too long for the model is context_overflow", async () => {
    plays(fail(400, { message: "This model's maximum context length is 128000 tokens.", times: 9 }), sayText("never"));
    await expect(collect(optionsFor(provider))).rejects.toMatchObject({ code: "context_overflow", contextWindow: 128_000 });
  });

  test("an error within the stream has the provider's message", async () => {
    plays(fail(503, { afterTokens: 2, times: 9, message: "The engine burns." }), sayText("one two three four"));
    await expect(collect(optionsFor(provider))).rejects.toMatchObject({
      code: "model_error",
      retryable: true,
      message: expect.stringContaining("The engine burns."),
    });
  });

  test("a connection that breaks before, within and after text is retryable", async () => {
    for (const afterTokens of [0, 3]) {
      plays(disconnect({ afterTokens, times: 9 }), sayText("one two three four five six"));
      await expect(collect(optionsFor(provider))).rejects.toMatchObject({ name: "ModelError", code: "model_error", retryable: true });
    }
  });

  test("a run survives a broken connection and a 500", async () => {
    await using ws = await tempWorkspace();
    plays(
      disconnect({ afterTokens: 3 }),
      turn(sayText("one two three four five six"), callTool("write_file", { file_path: "a.txt", content: "A" })),
      fail(500),
      sayText("Done at last."),
    );
    const run = await play(ws, [], { model: { client: createModelClient(optionsFor(provider)) } });
    expect(run.result).toMatchObject({ success: true, final_response: "Done at last." });
    expect(run.first("agent_step").data.response_text).toBe("one two three four five six");
    const spoken = run.all("text_chunk").filter((event) => event.data.iteration === 1);
    expect(spoken.map((event) => event.data.content).join("")).toBe("one two three four five six");
  });

  test("a body that does not follow the protocol is an error, not a crash", async () => {
    plays(garbage("<html>Bad gateway</html>", { times: 9 }), sayText("never"));
    await expect(collect(optionsFor(provider))).rejects.toMatchObject({ name: "ModelError", code: "model_error" });
    plays(garbage("<html>Hello</html>", { contentType: "text/html", times: 9 }), sayText("never"));
    await expect(collect(optionsFor(provider))).rejects.toBeInstanceOf(ModelError);
  });

  test("an error in a body that is not a stream is reported, whatever its status", async () => {
    const plain = (body: object) => plays(garbage(JSON.stringify(body), { contentType: "application/json", times: 9 }), sayText("never"));
    plain({ error: { message: "Insufficient balance", code: "402" } });
    await expect(collect(optionsFor(provider))).rejects.toMatchObject({ message: expect.stringContaining("has no credit left") });
    plain({ code: 1113, msg: "The engine burns." });
    await expect(collect(optionsFor(provider))).rejects.toMatchObject({ message: expect.stringContaining("The engine burns.") });
    plain({ choices: [{ message: { content: "whole" } }] });
    await expect(collect(optionsFor(provider))).rejects.toMatchObject({ code: "model_error", message: expect.stringContaining("stream") });
  });

  test("impossible usage is clamped", async () => {
    plays(turn(sayText("hi"), counts({ input: 1e15, output: -5 })));
    expect((await collect(optionsFor(provider))).at(-1)).toMatchObject({ usage: { tokens_in: 1_000_000_000, tokens_out: 0 } });
  });

  test("an abort closes the request immediately", async () => {
    plays(hang({ afterTokens: 2, times: 9 }), sayText("one two three four"));
    const abort = new AbortController();
    const client = createModelClient(optionsFor(provider));
    const reading = (async () => {
      for await (const event of client.stream(request(), abort.signal)) if (event.type === "text") setTimeout(() => abort.abort(), 20);
    })();
    await expect(reading).rejects.toThrow();
    expect(await server.requests[0]!.ended).toBe("client_disconnected");
  });

  test("an answer cut off by its length has the finish reason length", async () => {
    plays(turn(sayText("cut"), finish("length")));
    expect((await collect(optionsFor(provider))).at(-1)).toMatchObject({ reason: "length" });
  });

  test("text arrives before its answer has ended", async () => {
    plays(hang({ afterTokens: 1, times: 9 }), sayText("one two"));
    const abort = new AbortController();
    let text = "";
    for await (const event of createModelClient(optionsFor(provider)).stream(request(), abort.signal)) {
      if (event.type === "text") text += event.delta;
      if (text !== "") break;
    }
    abort.abort();
    expect(text.trim()).toBe("one");
  });

  test("visible reasoning becomes the step's thought", async () => {
    await using ws = await tempWorkspace({ "a.txt": "x" });
    plays(turn(think("I should look first."), callTool("read_file", { file_path: "a.txt" })), sayText("ok"));
    const run = await play(ws, [], { model: { client: createModelClient(optionsFor(provider)) } });
    expect(run.result.success).toBe(true);
    expect(run.first("agent_step").data.thought).toBe("I should look first.");
  });

  test("every request goes through the given fetch, with the extra headers", async () => {
    plays(sayText("hi"));
    const seen: string[] = [];
    await collect(
      optionsFor(provider, {
        headers: { "x-title": "Studio" },
        fetch: (input, init) => {
          seen.push(String(input));
          return fetch(input, init);
        },
      }),
    );
    expect(seen).toHaveLength(1);
    expect(server.requests[0]!.headers["x-title"]).toBe("Studio");
  });

  test("a server that cannot be reached is retryable", async () => {
    const error = await collect(optionsFor(provider, { base_url: "http://127.0.0.1:1/v1" })).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "model_error", retryable: true, message: "127.0.0.1:1 could not be reached." });
  });

  test("a fetch that refuses the address is not retried", async () => {
    const refuse = () => Promise.reject(Object.assign(new Error("refused"), { code: "outbound_refused" }));
    await expect(collect(optionsFor(provider, { fetch: refuse }))).rejects.toMatchObject({
      retryable: false,
      message: expect.stringContaining("may not be reached"),
    });
  });
});

describe.each(["openai-responses", "openai-compatible", "anthropic"] as const)("%s", (provider) => {
  test("broken JSON arguments are passed unchanged to the loop", async () => {
    await using ws = await tempWorkspace();
    plays(malformed("write_file", '{"file_path": "a.txt", "content": "cut'), sayText("sorry"));
    const run = await play(ws, [], { model: { client: createModelClient(optionsFor(provider)) } });
    expect(run.first("agent_step").data.tool_results[0]).toMatchObject({
      success: false,
      error: expect.stringContaining("not valid JSON"),
    });
    expect(run.result).toMatchObject({ success: true, final_response: "sorry" });
  });
});

describe("OpenAI's Responses API", () => {
  const options = (changes: Partial<ModelClientOptions> = {}) => optionsFor("openai-responses", { model: "gpt-5.1", ...changes });
  interface Item {
    type?: string;
    role?: string;
    [field: string]: unknown;
  }
  const itemsOf = (index: number): Item[] => (server.requests.at(index)!.body as { input: Item[] }).input;
  const event = (body: object): ScriptItem => garbage(JSON.stringify({ sequence_number: 1, ...body }), { times: 9 });

  test("nothing is stored: requests ask for encrypted reasoning, summaries and the conversation's cache", async () => {
    plays(sayText("hi"));
    await collect(options(), request("Hello", { reasoning: "high", cache_key: "chat-1", max_output_tokens: 5 }));
    const body = server.requests.at(-1)!.body as { tools: object[] };
    expect(body).toMatchObject({
      store: false,
      include: ["reasoning.encrypted_content"],
      reasoning: { effort: "high", summary: "auto" },
      prompt_cache_key: "chat-1",
      max_output_tokens: 16,
    });
    expect(body.tools[0]).toMatchObject({ type: "function", name: "read_file", strict: false });
    await collect(options({ model: "gpt-4.1" }));
    expect(server.requests.at(-1)!.body).toMatchObject({ store: false });
    expect(server.requests.at(-1)!.body).not.toHaveProperty("include");
    expect(server.requests.at(-1)!.body).not.toHaveProperty("reasoning");
    // A level is known to exist, also where the name of the model is another server's.
    await collect(options({ model: "acme/thinker" }), request("Hello", { reasoning: "low" }));
    expect(server.requests.at(-1)!.body).toMatchObject({ include: ["reasoning.encrypted_content"], reasoning: { effort: "low" } });
  });

  test("the items of an answer come back as they were: encrypted reasoning, calls by their ids, their results", async () => {
    await using ws = await tempWorkspace({ "a.txt": "A\n" });
    const written = '{ "file_path":  "a.txt" }';
    plays(
      turn(think("I should look.\n\nAt what?"), sayText("I look."), malformed("read_file", written), callTool("list_dir", {})),
      turn(think("Now I know."), sayText("It is A.")),
      nextMessage(),
      sayText("You are welcome."),
    );
    const model = { client: createModelClient(options()) };
    const first = await play(ws, [], { model, message: "Look" });
    expect(first.result).toMatchObject({ success: true, final_response: "It is A." });
    const sent = itemsOf(-1);
    expect(sent.map((item) => item.type ?? item.role)).toEqual([
      "developer",
      "user",
      "reasoning",
      "assistant",
      "function_call",
      "function_call",
      "function_call_output",
      "function_call_output",
    ]);
    const [reasoning, , call, other] = sent.slice(2);
    // The item as it ended, not as it started.
    expect(reasoning).toEqual({
      type: "reasoning",
      id: expect.stringMatching(/^rs_/),
      encrypted_content: Buffer.from(`encrypted reasoning of ${String(reasoning!["id"])}`).toString("base64"),
      summary: [
        { type: "summary_text", text: "I should look." },
        { type: "summary_text", text: "At what?" },
      ],
    });
    expect(first.first("agent_step").data.thought).toBe("I should look.\n\nAt what?");
    expect(call).toEqual({ type: "function_call", call_id: expect.stringMatching(/^call_/), name: "read_file", arguments: written });
    expect(sent.slice(6).map((item) => item["call_id"])).toEqual([call!["call_id"], other!["call_id"]]);
    // Stored as JSON between messages.
    const conversation = JSON.parse(JSON.stringify(first.appended)) as typeof first.appended;
    await play(ws, [], { model, message: "Thanks", conversation });
    expect(JSON.stringify(itemsOf(-1).slice(0, sent.length))).toBe(JSON.stringify(sent));
    expect(itemsOf(-1).filter((item) => item.type === "reasoning")).toHaveLength(2);
  });

  test("reasoning without a summary goes back, and not what no item follows", async () => {
    const part = (id: string, text = "") => ({
      type: "reasoning" as const,
      text,
      provider_state: {
        openai: { itemId: id, reasoningEncryptedContent: Buffer.from(`encrypted reasoning of ${id}`).toString("base64") },
      },
    });
    const source = { provider: "openai-responses", model: "gpt-5.1" };
    const cut: ModelMessage = { role: "assistant", source, parts: [part("rs_1"), { type: "text", text: "Yes." }, part("rs_2", "Cut")] };
    plays(sayText("Hm."), nextMessage(), sayText("ok"));
    await collect(options(), request("", { messages: [userMessage("Hello"), cut, userMessage("Go on")] }));
    expect(itemsOf(-1).filter((item) => item.type === "reasoning")).toEqual([
      { type: "reasoning", id: "rs_1", encrypted_content: expect.any(String), summary: [] },
    ]);
  });

  test("a chat that changes its model or its API keeps texts, calls and results, and leaves reasoning behind", async () => {
    await using ws = await tempWorkspace({ "a.txt": "A\n" });
    plays(turn(think("I should look."), sayText("I look."), callTool("read_file", { file_path: "a.txt" })), sayText("It is A."));
    const first = await play(ws, [], { model: { client: createModelClient(options()) }, message: "Look" });
    for (const other of [
      options({ model: "gpt-5.2" }),
      optionsFor("openai-compatible", { model: "gpt-5.1" }),
      optionsFor("anthropic"),
      optionsFor("google"),
    ]) {
      plays(sayText("ok"), nextMessage(), sayText("ok"));
      const again = await play(ws, [], { model: { client: createModelClient(other) }, message: "Again", conversation: first.appended });
      expect(again.result).toMatchObject({ success: true });
      const body = JSON.stringify(server.requests.at(-1)!.body);
      expect(body).toContain("I look.");
      expect(body).not.toContain("I should look.");
      expect(body).not.toContain('encrypted_content":');
    }
    // And back: answers of other models have no reasoning here, and their call ids are cut to what the API accepts.
    plays(turn(think("Elsewhere."), callTool("read_file", { file_path: "a.txt" })), sayText("It is A."), nextMessage(), sayText("ok"));
    const elsewhere = await play(ws, [], { model: { client: createModelClient(optionsFor("anthropic")) }, message: "Look" });
    const long = JSON.parse(
      JSON.stringify(elsewhere.appended).replaceAll(/toolu_\w+/g, (id) => id + "x".repeat(60)),
    ) as typeof elsewhere.appended;
    await play(ws, [], { model: { client: createModelClient(options()) }, message: "Again", conversation: long });
    expect(itemsOf(-1).map((item) => item.type ?? item.role)).toEqual([
      "developer",
      "user",
      "function_call",
      "function_call_output",
      "assistant",
      "user",
    ]);
    expect(String(itemsOf(-1)[2]!["call_id"])).toHaveLength(64);
  });

  test("a chat whose key is now of another organization continues without its earlier reasoning", async () => {
    await using ws = await tempWorkspace({ "a.txt": "A\n" });
    const other = { itemId: "rs_1", reasoningEncryptedContent: "of another organization" };
    const answer: ModelMessage = {
      role: "assistant",
      source: { provider: "openai-responses", model: "gpt-5.1" },
      parts: [
        { type: "reasoning", text: "Hm.", provider_state: { openai: other } },
        { type: "text", text: "Hello." },
      ],
    };
    plays(sayText("Hello."), nextMessage(), turn(think("So."), callTool("read_file", { file_path: "a.txt" })), sayText("It is A."));
    const client = createModelClient(options());
    const run = await play(ws, [], { model: { client }, message: "Look", conversation: [userMessage("Hi"), answer] });
    expect(run.result).toMatchObject({ success: true, final_response: "It is A." });
    expect(server.requests.map(({ outcome }) => outcome)).toEqual(["refused", "answered", "answered"]);
    expect(JSON.stringify(server.requests.slice(1).map(({ body }) => body))).not.toContain('encrypted_content":');
  });

  test("counts cached tokens and those of reasoning as the API does", async () => {
    plays(turn(think("One two three."), sayText("Yes."), counts({ input: 900, output: 50, cached: 800 })));
    expect((await collect(options())).at(-1)).toMatchObject({ usage: { tokens_in: 900, tokens_out: 50, tokens_cached: 800 } });
  });

  test("a response that is incomplete is cut off by its length or a filter", async () => {
    plays(turn(think("Hm."), finish("length")));
    expect((await collect(options())).at(-1)).toMatchObject({ type: "finish", reason: "length" });
    plays(turn(sayText("I"), finish("content_filter")));
    expect((await collect(options())).at(-1)).toMatchObject({ type: "finish", reason: "content_filter" });
  });

  test.each([
    ["rate_limit_exceeded", "Rate limit reached for gpt-5.1.", "rate_limited", "rate_limit", true],
    ["insufficient_quota", "You exceeded your current quota.", "model_error", "quota", false],
    ["context_length_exceeded", "Your input exceeds the context window of this model.", "context_overflow", "context", false],
    ["server_error", "The model failed to generate a response.", "model_error", "overloaded", true],
    ["invalid_prompt", "Invalid prompt.", "model_error", "refused", false],
  ])("response.failed and error with %s before and after text", async (code, message, errorCode, kind, retryable) => {
    const expected = { name: "ModelError", code: errorCode, kind, retryable, reason: message };
    plays(event({ type: "error", code, message, param: null }));
    await expect(collect(options())).rejects.toMatchObject(expected);
    plays(event({ type: "response.failed", response: { status: "failed", error: { code, message } } }));
    await expect(collect(options())).rejects.toMatchObject(expected);
    plays(fail(500, { code, message, afterTokens: 2, times: 9 }), sayText("one two three four"));
    await expect(collect(options())).rejects.toMatchObject(expected);
  });

  test("a failure without a reason, an unknown event and a model that does not exist", async () => {
    plays(event({ type: "response.failed", response: { status: "failed", error: null } }));
    await expect(collect(options())).rejects.toMatchObject({ code: "model_error", retryable: true });
    plays(event({ type: "response.something.new", delta: "?" }));
    await expect(collect(options())).rejects.toMatchObject({ code: "model_error", kind: "network", retryable: true });
    plays(fail(400, { code: "model_not_found", message: "The requested model 'gpt-5.1' does not exist.", times: 9 }), sayText("never"));
    await expect(collect(options())).rejects.toMatchObject({ kind: "not_found", retryable: false });
  });

  test("an organization that gets no summaries gets its answers without", async () => {
    plays(sayText("hi"));
    const refusal = {
      message: "Your organization must be verified to generate reasoning summaries.",
      type: "invalid_request_error",
      param: "reasoning.summary",
      code: "unsupported_value",
    };
    const asked: (object | undefined)[] = [];
    const client = createModelClient(
      options({
        fetch: async (input, init) => {
          const { reasoning } = JSON.parse(String(init?.body)) as { reasoning?: { summary?: string } };
          asked.push(reasoning);
          return reasoning?.summary === undefined ? fetch(input, init) : Response.json({ error: refusal }, { status: 400 });
        },
      }),
    );
    for (let message = 0; message < 2; message++) {
      const events: ModelEvent[] = [];
      for await (const one of client.stream(request("Hello", { reasoning: "low" }), new AbortController().signal)) events.push(one);
      expect(textOf(events)).toBe("hi");
    }
    expect(asked).toEqual([{ effort: "low", summary: "auto" }, { effort: "low" }, { effort: "low" }]);
  });
});

test.each([
  [
    400,
    "input length and `max_tokens` exceed context limit: 199211 + 20000 > 200000, decrease input length or `max_tokens` and try again",
    200_000,
  ],
  [400, "prompt is too long: 213462 tokens > 200000 maximum", 200_000],
  [413, "Request exceeds the maximum size", undefined],
  [
    400,
    "This model's maximum context length is 8192 tokens. However, you requested 9100 tokens (8100 in the messages, 1000 in the completion).",
    8_192,
  ],
  [400, "You passed 4097 input tokens and requested 0 output tokens. However, the model's context length is only 4096 tokens.", 4_096],
  [400, "The input (5000 tokens) is longer than the model's context length (4096 tokens).", 4_096],
  [400, "Prompt contains 34000 tokens and 0 draft tokens, too large for model with 32768 maximum context length", 32_768],
  [400, "The prompt is too long: 70000, model maximum context length: 65535", 65_535],
  [400, "This model's maximum prompt length is 131072 but the request contains 537812 tokens.", 131_072],
  [400, "Please reduce the length of the messages or completion.", undefined],
  [400, "Please reduce the length of the messages or completion. Current length is 9000 while limit is 8192", 8_192],
  [400, "Your request exceeded model token limit: 262144", 262_144],
  [400, "Prompt exceeds max length", undefined],
  [422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000 `inputs` tokens", 8_193],
  [400, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).", 1_048_576],
  [400, "the request exceeds the available context size. try increasing the context size or enable context shift", undefined],
  [400, "request (9000 tokens) exceeds the available context size (4096 tokens), try increasing it", 4_096],
  [500, "Context size has been exceeded.", undefined],
  [400, "The model is loaded with context length of only 4096 tokens, which is not enough.", 4_096],
  [400, "prompt too long; exceeded max context length by 4000 tokens", undefined],
])(
  "recognizes a provider's message for a conversation that is too long, and the window in it: %i %s",
  async (status, message, contextWindow) => {
    plays(fail(status, { message, times: 9 }), sayText("never"));
    await expect(collect(optionsFor("openai-compatible"))).rejects.toMatchObject({ code: "context_overflow", contextWindow });
  },
);

test("reads the window from the fields of llama.cpp's error", async () => {
  const body = {
    error: {
      code: 400,
      message: "the request exceeds the available context size",
      type: "exceed_context_size_error",
      n_prompt_tokens: 9_000,
      n_ctx: 4_096,
    },
  };
  const refusing: typeof fetch = async () => Response.json(body, { status: 400 });
  await expect(collect(optionsFor("openai-compatible", { fetch: refusing }))).rejects.toMatchObject({ contextWindow: 4_096 });
});

test("reasoning goes back to the model it came from, in its place, and to no other", async () => {
  await using ws = await tempWorkspace({ "a.txt": "A\n" });
  plays(turn(think("I should look."), sayText("I look."), callTool("read_file", { file_path: "a.txt" })), sayText("ok"));
  const first = await play(ws, [], { model: { client: createModelClient(optionsFor("anthropic")) }, message: "Look" });
  const blocks = (body: unknown) =>
    (body as { messages: { role: string; content: { type: string; signature?: string }[] }[] }).messages.find(
      ({ role }) => role === "assistant",
    )!.content;
  const sent = blocks(server.requests.at(-1)!.body);
  expect(sent.map((block) => block.type)).toEqual(["thinking", "text", "tool_use"]);
  expect(sent[0]!.signature).toMatch(/./);
  expect(first.appended[1]).toMatchObject({
    parts: [{ type: "reasoning", text: "I should look." }, { type: "text" }, { type: "tool_call" }],
    source: { provider: "anthropic", model: "scripted" },
  });
  for (const other of [optionsFor("anthropic", { model: "other" }), optionsFor("google"), optionsFor("openai-compatible")]) {
    plays(sayText("ok"), nextMessage(), sayText("ok"));
    await play(ws, [], { model: { client: createModelClient(other) }, message: "Again", conversation: first.appended });
    const body = JSON.stringify(server.requests.at(-1)!.body);
    expect(body).toContain("I look.");
    expect(body).not.toContain("I should look.");
  }
  // Some require the text of the reasoning, whoever it is from.
  const prompt = providerPrompt(
    request("", { messages: requestMessages(first.appended) }),
    optionsFor("openai-compatible", { model: "deepseek-r2" }),
  );
  expect(prompt.find(({ role }) => role === "assistant")?.content[0]).toEqual({ type: "reasoning", text: "I should look." });
});

describe("Claude models before adaptive thinking", () => {
  interface Body {
    max_tokens: number;
    thinking?: { type: string; budget_tokens?: number };
    messages: { role: string; content: { type: string }[] }[];
  }
  const sent = (): Body => server.requests.at(-1)!.body as Body;
  const claude = (model = "claude-sonnet-4-5") => optionsFor("anthropic", { model });

  test.each(["claude-3-7-sonnet-20250219", "claude-opus-4-1-20250805", "claude-sonnet-4-20250514", "claude-haiku-4-5-20251001"])(
    "%s thinks within a budget, which counts towards the longest answer",
    async (model) => {
      plays(sayText("Yes."));
      await collect(claude(model), request("Hello", { reasoning: "high", max_output_tokens: 20_000 }));
      expect(sent()).toMatchObject({ max_tokens: 20_000, thinking: { type: "enabled", budget_tokens: 10_000 } });
      expect(server.requests.at(-1)!.headers["anthropic-beta"]).toContain("interleaved-thinking");
      await collect(claude(model), request("Hello", { reasoning: "low" }));
      expect(sent().thinking).toEqual({ type: "enabled", budget_tokens: 2_048 });
      // No room to think and to answer.
      await collect(claude(model), request("Hello", { reasoning: "low", max_output_tokens: 2_000 }));
      expect(sent()).toMatchObject({ max_tokens: 2_000, thinking: { type: "disabled" } });
      await collect(claude(model), request("Hello", { reasoning: "off" }));
      expect(sent().thinking).toEqual({ type: "disabled" });
      await collect(claude(model));
      expect(sent().thinking).toBeUndefined();
    },
  );

  test("thoughts go back between tool calls, and a turn that began without any goes on without", async () => {
    await using ws = await tempWorkspace({ "a.txt": "A\n" });
    plays(
      turn(think("I should look."), callTool("read_file", { file_path: "a.txt" })),
      callTool("list_dir", {}),
      sayText("It is A."),
      nextMessage(),
      sayText("You are welcome."),
    );
    const model = { client: createModelClient(claude()), reasoning: "medium" as const };
    const first = await play(ws, [], { model, message: "Look" });
    expect(first.result).toMatchObject({ success: true, final_response: "It is A." });
    expect(
      sent()
        .messages.filter(({ role }) => role === "assistant")
        .map(({ content }) => content[0]!.type),
    ).toEqual(["thinking", "tool_use"]);
    expect(sent().thinking).toMatchObject({ type: "enabled" });
    // Another model took the turn over after its first call.
    const { appended } = first;
    const messages = appended.slice(0, 3) as ModelMessage[];
    plays(callTool("read_file", {}), sayText("ok"));
    await collect(claude("claude-opus-4-5"), request("", { messages, reasoning: "medium" }));
    expect(sent().thinking).toEqual({ type: "disabled" });
    // It thinks again in the next turn.
    await play(ws, [], {
      model: { ...model, client: createModelClient(claude("claude-opus-4-5")) },
      message: "Thanks",
      conversation: appended,
    });
    expect(sent().thinking).toMatchObject({ type: "enabled" });
  });
});

test("call ids of other providers are converted to ids that Anthropic accepts", async () => {
  plays(callTool("read_file", {}), sayText("ok"));
  const id = "functions.read_file:0";
  const call = { id, name: "read_file", arguments: "{}" };
  const result = {
    type: "tool_result" as const,
    call_id: id,
    name: "read_file",
    content: [{ type: "text" as const, text: "x" }],
    is_error: false,
  };
  await collect(
    optionsFor("anthropic"),
    request("", { messages: [userMessage("Look"), assistantMessage("", [call]), { role: "tool", parts: [result] }] }),
  );
  expect(JSON.stringify(server.requests.at(-1)!.body).match(/"(?:tool_use_)?id":"[^"]*"/g)).toEqual([
    '"id":"functions_read_file_0"',
    '"tool_use_id":"functions_read_file_0"',
  ]);
});

test("Anthropic gets cache markers, and OpenAI's reasoning models max_completion_tokens", async () => {
  plays(sayText("hi"));
  await collect(optionsFor("anthropic"));
  expect(JSON.stringify(server.requests.at(-1)!.body).match(/cache_control/g)).toHaveLength(2);
  await collect(optionsFor("openai-compatible", { model: "gpt-5.1" }), request("Hello", { max_output_tokens: 77 }));
  expect(server.requests.at(-1)!.body).toMatchObject({ max_completion_tokens: 77 });
  await collect(optionsFor("openai-compatible", { model: "qwen3:8b" }), request("Hello", { max_output_tokens: 77 }));
  expect(server.requests.at(-1)!.body).toMatchObject({ max_tokens: 77 });
});

test("the conversation's id is sent only to providers that accept it", async () => {
  plays(sayText("hi"));
  await collect(optionsFor("openai-compatible", { takes_cache_key: true }), request("Hello", { cache_key: "chat-1" }));
  expect(server.requests.at(-1)!.body).toMatchObject({ prompt_cache_key: "chat-1" });
  await collect(optionsFor("openai-compatible"), request("Hello", { cache_key: "chat-1" }));
  expect(server.requests.at(-1)!.body).not.toHaveProperty("prompt_cache_key");
});
