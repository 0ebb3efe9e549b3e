import { afterEach, describe, expect, test } from "vitest";
import { startModelServer, type ModelServer, type ModelServerOptions } from "./model-server.ts";
import {
  call,
  disconnect,
  fail,
  finish,
  garbage,
  hang,
  load,
  malformed,
  parallel,
  pause,
  say,
  script,
  think,
  turn,
  usage,
  when,
} from "./script.ts";

let server: ModelServer;
const start = async (options: ModelServerOptions = {}) => (server = await startModelServer(options));
afterEach(() => server?.close());

const requestOpenai = (messages: unknown[], fields: object = {}, init: RequestInit = {}) =>
  fetch(`${server.openai_base_url}/chat/completions`, {
    method: "POST",
    body: JSON.stringify({ model: "scripted", stream: true, messages, ...fields }),
    ...init,
    headers: { "content-type": "application/json", ...(init.headers as Record<string, string>) },
  });
const requestAnthropic = (messages: unknown[], fields: object = {}, headers: Record<string, string> = {}) =>
  fetch(`${server.anthropic_base_url}/messages`, {
    method: "POST",
    body: JSON.stringify({ model: "scripted", max_tokens: 100, stream: true, messages, ...fields }),
    headers: { "content-type": "application/json", "anthropic-version": "2023-06-01", ...headers },
  });
const requestGoogle = (contents: unknown[], headers: Record<string, string> = {}, verb = "streamGenerateContent?alt=sse") =>
  fetch(`${server.google_base_url}/models/scripted:${verb}`, { method: "POST", body: JSON.stringify({ contents }), headers });

interface Chunk {
  choices: {
    delta: {
      role?: string;
      content?: string;
      tool_calls?: { index: number; id?: string; function: { name?: string; arguments: string } }[];
    };
    finish_reason: string | null;
  }[];
  usage?: { prompt_tokens: number; completion_tokens: number } | null;
}
const dataOf = (text: string) =>
  text
    .split("\n\n")
    .filter(Boolean)
    .map((block) => block.replace(/^event: .*\n/, "").replace(/^data: /, ""));
const chunksOf = (text: string) =>
  dataOf(text)
    .filter((data) => data !== "[DONE]")
    .map((data) => JSON.parse(data) as Chunk);
const user = (content: string) => ({ role: "user", content });
const hi = [user("hi")];

describe("OpenAI's protocol", () => {
  test("streams a role, text token by token, the reason, the usage and [DONE]", async () => {
    await start({ script: script([say("Hello there, world."), usage({ input: 100, output: 20, cached: 10 })]) });
    const response = await requestOpenai(hi, { stream_options: { include_usage: true } });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const text = await response.text();
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    const chunks = chunksOf(text);
    expect(chunks[0]?.choices[0]?.delta.role).toBe("assistant");
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe("Hello there, world.");
    expect(chunks.filter((chunk) => chunk.choices[0]?.delta.content).length).toBe(3);
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 100, completion_tokens: 20, prompt_tokens_details: { cached_tokens: 10 } },
    });
  });

  test("sends usage only on request", async () => {
    await start({ script: script([say("Hi")]) });
    expect(await (await requestOpenai(hi)).text()).not.toContain("usage");
  });

  test("streams the arguments of parallel calls in fragments by index", async () => {
    await start({
      script: script([say("Both."), parallel(call("read_file", { file_path: "src/a-rather-long-name.ts" }), call("list_dir", {}))]),
    });
    const deltas = chunksOf(await (await requestOpenai(hi)).text()).flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    const first = deltas.filter((delta) => delta.index === 0);
    expect(first[0]).toMatchObject({
      id: expect.stringMatching(/^call_/),
      type: "function",
      function: { name: "read_file", arguments: "" },
    });
    expect(first.length).toBeGreaterThan(3);
    expect(JSON.parse(first.map((delta) => delta.function.arguments).join(""))).toEqual({ file_path: "src/a-rather-long-name.ts" });
    expect(deltas.find((delta) => delta.index === 1)?.id).not.toBe(first[0]?.id);
  });

  test("responds without streaming too", async () => {
    await start({ script: script([turn(think("Hm."), say("Reading."), call("read_file", { file_path: "a" }))]) });
    const body: unknown = await (await requestOpenai(hi, { stream: false })).json();
    expect(body).toMatchObject({
      object: "chat.completion",
      choices: [
        {
          message: {
            content: "Reading.",
            reasoning_content: "Hm.",
            tool_calls: [{ function: { name: "read_file", arguments: '{"file_path":"a"}' } }],
          },
          finish_reason: "tool_calls",
        },
      ],
      usage: { total_tokens: expect.any(Number) },
    });
  });

  test("lists its models", async () => {
    await start({ models: ["gpt-a", "gpt-b"] });
    const body = (await (await fetch(`${server.openai_base_url}/models`)).json()) as { data: { id: string }[] };
    expect(body.data.map((model) => model.id)).toEqual(["gpt-a", "gpt-b"]);
    expect((await requestOpenai(hi)).status).toBe(404);
  });

  test.each<[string, unknown[], string]>([
    [
      "calls without answers",
      [user("a"), { role: "assistant", tool_calls: [{ id: "c1", function: { name: "x", arguments: "{}" } }] }, user("b")],
      "must be followed by tool messages",
    ],
    [
      "answers without calls",
      [user("a"), { role: "tool", tool_call_id: "c1", content: "x" }],
      "must be a response to a preceeding message",
    ],
    ["an unknown role", [{ role: "robot", content: "x" }], "Invalid value: 'robot'"],
    ["no messages", [], "empty array"],
  ])("refuses %s, as the real one does", async (_, messages, message) => {
    await start({ script: script([say("Hi")]) });
    const response = await requestOpenai(messages);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { message: expect.stringContaining(message), type: "invalid_request_error" } });
  });

  test("rejects a body that is not JSON", async () => {
    await start();
    const response = await fetch(`${server.openai_base_url}/chat/completions`, { method: "POST", body: "{" });
    expect(response.status).toBe(400);
  });
});

describe("OpenAI's Responses API", () => {
  const requestResponses = (input: unknown, fields: object = {}) =>
    fetch(`${server.openai_base_url}/responses`, {
      method: "POST",
      body: JSON.stringify({ model: "scripted", stream: true, store: false, include: ["reasoning.encrypted_content"], input, ...fields }),
      headers: { "content-type": "application/json" },
    });
  interface Item {
    type: string;
    id: string;
    encrypted_content?: string;
    summary?: { text: string }[];
  }
  interface StreamEvent {
    type: string;
    sequence_number: number;
    item?: Item;
    response?: { output: Item[]; usage: object; status: string; error: object | null };
  }
  const eventsOf = (text: string) =>
    text
      .split("\n\n")
      .filter(Boolean)
      .map((block) => {
        const [, name, data] = /^event: ([\w.]+)\ndata: (.*)$/.exec(block) ?? [];
        const parsed = JSON.parse(data ?? "null") as StreamEvent;
        expect(parsed.type).toBe(name);
        return parsed;
      });
  const thinking = () =>
    turn(think("Hm.\n\nSo."), say("Reading it."), call("read_file", { file_path: "a" }), usage({ input: 100, output: 20, cached: 40 }));

  test("streams numbered events: items with their parts, then the whole response", async () => {
    await start({ script: script([thinking()]) });
    const events = eventsOf(await (await requestResponses("hi")).text());
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual(events.map((_, index) => index));
    const summary = ["part.added", "text.delta", "text.done", "part.done"].map((end) => `response.reasoning_summary_${end}`);
    expect(events.map(({ type }) => type)).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      ...summary,
      ...summary,
      "response.output_item.done",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.output_item.added",
      ...Array.from({ length: 2 }, () => "response.function_call_arguments.delta"),
      "response.function_call_arguments.done",
      "response.output_item.done",
      "response.completed",
    ]);
    const { output, usage: counted, status } = events.at(-1)!.response!;
    const done = events.filter(({ type }) => type === "response.output_item.done").map(({ item }) => item);
    expect([output, status]).toEqual([done, "completed"]);
    expect(output.map(({ type }) => type)).toEqual(["reasoning", "message", "function_call"]);
    expect(output[0]!.summary!.map(({ text }) => text)).toEqual(["Hm.", "So."]);
    expect(counted).toMatchObject({
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 40 },
      output_tokens: 20,
      output_tokens_details: { reasoning_tokens: 2 },
    });
    // An item ends with other encrypted content than it starts with.
    const first = events.find(({ type }) => type === "response.output_item.added")!.item!;
    expect(first.encrypted_content).not.toBe(output[0]!.encrypted_content);
  });

  test("encrypted reasoning is sent on request only, and responses without streaming have the same items", async () => {
    await start({ script: script([thinking()]) });
    expect(await (await requestResponses("hi", { include: [] })).text()).not.toContain("encrypted_content");
    const whole = (await (await requestResponses("hi", { stream: false })).json()) as { output: Item[] };
    const events = eventsOf(await (await requestResponses("hi")).text());
    const withoutIds = (items: Item[]) =>
      items.map((item) => ({ ...item, id: "", ...(item.encrypted_content && { encrypted_content: "" }) }));
    expect(withoutIds(whole.output)).toEqual(withoutIds(events.at(-1)!.response!.output));
  });

  test("an answer that is cut off, and a failure within the stream", async () => {
    await start({
      script: script([turn(say("Yes."), finish("length")), fail(429, { afterTokens: 1, message: "Slower." }), say("one two")]),
    });
    expect(eventsOf(await (await requestResponses("hi")).text()).at(-1)).toMatchObject({
      type: "response.incomplete",
      response: { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } },
    });
    const next = [user("hi"), { role: "assistant", content: "Yes." }];
    expect(eventsOf(await (await requestResponses(next)).text()).at(-1)).toMatchObject({
      type: "response.failed",
      response: { status: "failed", error: { code: "rate_limit_exceeded", message: "Slower." } },
    });
  });

  test("continues a conversation of items, and accepts its own reasoning", async () => {
    await start({ script: script([thinking(), say("Read.")]) });
    const { output } = eventsOf(await (await requestResponses("hi")).text()).at(-1)!.response!;
    const { call_id } = output[2] as Item & { call_id: string };
    const next = [user("hi"), ...output, { type: "function_call_output", call_id, output: "body" }];
    expect(await (await requestResponses(next, { stream: false })).text()).toContain("Read.");
    expect(server.requests.at(-1)?.request?.messages).toMatchObject([
      { role: "user", text: "hi" },
      { role: "assistant", text: "Reading it.", calls: [{ name: "read_file" }] },
      { role: "tool", text: "body" },
    ]);
    for (const recorder of Object.values(server.published)) recorder.verify();
  });

  const reasoning = (id: string, encrypted_content?: string) => ({ type: "reasoning", id, summary: [], encrypted_content });
  const encrypted = (id: string) => Buffer.from(`encrypted reasoning of ${id}`).toString("base64");
  const assistant = { role: "assistant", content: "Yes." };
  const used = { type: "function_call", call_id: "c1", name: "x", arguments: "{}" };
  test.each<[string, unknown[], string]>([
    ["a call without its output", [user("a"), used], "No tool output found for function call c1"],
    ["an output without its call", [{ type: "function_call_output", call_id: "c1", output: "x" }], "No tool call found"],
    ["reasoning that it does not store", [user("a"), reasoning("rs_1"), assistant], "Items are not persisted"],
    ["reasoning of another item", [user("a"), reasoning("rs_1", encrypted("rs_2")), assistant], "could not be verified"],
    ["reasoning without its item", [user("a"), reasoning("rs_1", encrypted("rs_1")), user("b")], "without its required following item"],
    ["no input", [], "Missing required parameter: 'input'"],
  ])("refuses %s, as the real one does", async (_, input, message) => {
    await start({ script: script([say("Hi")]) });
    const response = await requestResponses(input);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", message: expect.stringContaining(message) } });
  });
});

describe("Anthropic's protocol", () => {
  test("streams named events: message, blocks of text and of a call, stop reason and usage", async () => {
    await start({
      script: script([
        turn(
          think("Hm."),
          say("Reading it."),
          call("read_file", { file_path: "src/App.tsx" }),
          usage({ input: 100, output: 20, cached: 40 }),
        ),
      ]),
    });
    const text = await (await requestAnthropic(hi)).text();
    const events = text
      .split("\n\n")
      .filter(Boolean)
      .map((block) => {
        const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
        const parsed = JSON.parse(data ?? "null") as { type: string; delta?: { type?: string } };
        expect(parsed.type).toBe(name);
        return parsed;
      });
    expect(events.map((event) => event.delta?.type ?? event.type)).toEqual([
      "message_start",
      "ping",
      "content_block_start",
      "thinking_delta",
      "signature_delta",
      "content_block_stop",
      "content_block_start",
      "text_delta",
      "text_delta",
      "content_block_stop",
      "content_block_start",
      ...Array.from({ length: 3 }, () => "input_json_delta"),
      "content_block_stop",
      "message_delta",
      "message_stop",
    ]);
    expect(events.at(-2)).toMatchObject({
      delta: { stop_reason: "tool_use" },
      usage: { input_tokens: 60, cache_read_input_tokens: 40, output_tokens: 20 },
    });
  });

  test("responds without streaming too, and lists its models in its own format", async () => {
    await start({ script: script([turn(say("Yes."), finish("length"))]) });
    expect(await (await requestAnthropic(hi, { stream: false })).json()).toMatchObject({
      type: "message",
      content: [{ type: "text", text: "Yes." }],
      stop_reason: "max_tokens",
    });
    const list = await fetch(`${server.anthropic_base_url}/models`, { headers: { "anthropic-version": "2023-06-01" } });
    expect(await list.json()).toMatchObject({ data: [{ type: "model", id: "scripted" }], has_more: false });
  });

  const used = { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "x", input: {} }] };
  test.each<[string, unknown[], object, string]>([
    ["a call without its result", [user("a"), used, user("b")], {}, "without `tool_result` blocks immediately after: t1"],
    [
      "a result without its call",
      [{ role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "x" }] }],
      {},
      "unexpected `tool_use_id`",
    ],
    [
      "input that is no object",
      [user("a"), { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "x", input: "{" }] }],
      {},
      "Input should be a valid dictionary",
    ],
    ["empty text", [user(" ")], {}, "text content blocks must be non-empty"],
    ["no max_tokens", [user("a")], { max_tokens: undefined }, "max_tokens: Field required"],
    [
      "a budget as long as the answer",
      [user("a")],
      { thinking: { type: "enabled", budget_tokens: 2_000 }, max_tokens: 2_000 },
      "must be greater",
    ],
    [
      "thinking in a turn that began without",
      [user("a"), used, { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "x" }] }],
      { thinking: { type: "enabled", budget_tokens: 1_024 }, max_tokens: 2_000 },
      "messages.1.content.0.type: Expected `thinking`",
    ],
  ])("refuses %s, as the real one does", async (_, messages, fields, message) => {
    await start({ script: script([say("Hi")]) });
    const response = await requestAnthropic(messages, fields);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      type: "error",
      error: { type: "invalid_request_error", message: expect.stringContaining(message) },
    });
  });
});

describe("Google's protocol", () => {
  test("streams candidates, whole calls and the usage", async () => {
    await start({ script: script([say("Reading it."), call("read_file", { file_path: "a" }), usage({ input: 7, output: 3 })]) });
    const chunks = dataOf(await (await requestGoogle([{ role: "user", parts: [{ text: "hi" }] }])).text()).map(
      (data) => JSON.parse(data) as Record<string, unknown>,
    );
    expect(chunks[0]).toMatchObject({ candidates: [{ content: { parts: [{ text: "Reading" }], role: "model" } }] });
    expect(JSON.stringify(chunks)).toContain('"functionCall":{"id"');
    expect(chunks.at(-1)).toMatchObject({
      candidates: [{ finishReason: "STOP" }],
      usageMetadata: { promptTokenCount: 7, candidatesTokenCount: 3 },
    });
  });
  test("a malformed call has its own finish reason there", async () => {
    await start({ script: script([malformed("x", "{")]) });
    expect(await (await requestGoogle([{ role: "user", parts: [{ text: "hi" }] }])).text()).toContain("MALFORMED_FUNCTION_CALL");
    expect(await (await requestGoogle([{ role: "user", parts: [{ text: "hi" }] }], {}, "generateContent")).text()).toContain(
      "MALFORMED_FUNCTION_CALL",
    );
  });
  test("lists its models", async () => {
    await start();
    expect(await (await fetch(`${server.google_base_url}/models`)).json()).toMatchObject({ models: [{ name: "models/scripted" }] });
  });
});

test("speaks enough Ollama to be detected", async () => {
  await start({ models: ["qwen3:8b"], apiKey: "secret" });
  expect(await (await fetch(`${server.url}/api/tags`)).json()).toMatchObject({ models: [{ name: "qwen3:8b" }] });
  expect((await fetch(`${server.url}/nowhere`)).status).toBe(404);
});

describe("keys", () => {
  const contents = [{ role: "user", parts: [{ text: "hi" }] }];
  test("accepts the right key in each protocol", async () => {
    await start({ apiKey: "sk-right", script: script([say("Hi")]) });
    expect((await requestOpenai(hi, {}, { headers: { authorization: "Bearer sk-right" } })).status).toBe(200);
    expect((await requestAnthropic(hi, {}, { "x-api-key": "sk-right" })).status).toBe(200);
    expect((await requestGoogle(contents, { "x-goog-api-key": "sk-right" })).status).toBe(200);
  });
  test("rejects a wrong key in the provider's format without repeating it in full", async () => {
    await start({ apiKey: "sk-right", script: script([say("Hi")]) });
    const wrong = "sk-wrong-and-long";
    const openai = await requestOpenai(hi, {}, { headers: { authorization: `Bearer ${wrong}` } });
    expect(openai.status).toBe(401);
    const text = await openai.text();
    expect(text).toContain('"code":"invalid_api_key"');
    expect(text).not.toContain(wrong);
    const anthropic = await requestAnthropic(hi, {}, { "x-api-key": wrong });
    expect([anthropic.status, await anthropic.json()]).toMatchObject([
      401,
      { type: "error", error: { type: "authentication_error", message: "invalid x-api-key" } },
    ]);
    const google = await requestGoogle(contents, { "x-goog-api-key": wrong });
    expect([google.status, await google.json()]).toMatchObject([
      400,
      { error: { status: "INVALID_ARGUMENT", details: [{ reason: "API_KEY_INVALID" }] } },
    ]);
    expect((await fetch(`${server.openai_base_url}/models`)).status).toBe(401);
  });
});

describe("faults", () => {
  test("429 with Retry-After once, then the response", async () => {
    await start({ script: script([fail(429, { retryAfter: 1 }), say("Hi")]) });
    const first = await requestOpenai(hi);
    expect([first.status, first.headers.get("retry-after")]).toEqual([429, "1"]);
    expect(await first.json()).toMatchObject({ error: { code: "rate_limit_exceeded" } });
    expect((await requestOpenai(hi)).status).toBe(200);
    expect((await requestOpenai(hi)).status).toBe(200);
  });

  test("a fault without a successor repeats", async () => {
    await start({ script: script([fail(500)]) });
    for (let i = 0; i < 3; i++) expect((await requestOpenai(hi)).status).toBe(500);
  });

  test("applies faults per conversation", async () => {
    await start({ script: script([fail(529), say("Hi")]) });
    expect((await requestAnthropic([user("one")])).status).toBe(529);
    expect((await requestAnthropic([user("two")])).status).toBe(529);
    expect((await requestAnthropic([user("one")])).status).toBe(200);
  });

  test("a new script resets the faults", async () => {
    const made = script([fail(500), say("Hi")]);
    await start({ script: made });
    expect((await requestOpenai(hi)).status).toBe(500);
    server.setScript(made);
    expect((await requestOpenai(hi)).status).toBe(500);
  });

  test("breaks the connection after some tokens", async () => {
    await start({ script: script([disconnect({ afterTokens: 2 }), say("one two three four")]) });
    const response = await requestOpenai(hi);
    const decoder = new TextDecoder();
    let text = "";
    await expect(async () => {
      for await (const bytes of response.body!) text += decoder.decode(bytes, { stream: true });
    }).rejects.toThrow();
    expect(
      chunksOf(text)
        .map((chunk) => chunk.choices[0]?.delta.content)
        .join(""),
    ).toBe("one two");
    expect(await server.requests[0]!.ended).toBe("broken");
    expect(await (await requestOpenai(hi)).text()).toContain("one");
    const rest = await (
      await requestOpenai([...hi, { role: "assistant", content: "one two" }, user("[The connection broke.]")], { stream: false })
    ).text();
    expect(rest).toContain('"content":" three four"');
  });

  test("an error in the middle of a stream, in the protocol's own format", async () => {
    const made = script([fail(529, { afterTokens: 1 }), say("one two")]);
    await start({ script: made });
    expect(await (await requestAnthropic(hi)).text()).toMatch(/event: error\ndata: \{"type":"error","error":\{"type":"overloaded_error"/);
    server.setScript(made);
    expect(await (await requestOpenai(hi)).text()).toContain('data: {"error":{');
  });

  test("garbage, as an event or as a page", async () => {
    await start({ script: script([garbage("<html>"), garbage("<html>", { contentType: "text/html" }), say("Hi")]) });
    expect(await (await requestOpenai(hi)).text()).toBe("data: <html>\n\n");
    const page = await requestOpenai(hi);
    expect([page.headers.get("content-type"), await page.text()]).toEqual(["text/html", "<html>"]);
    expect(await (await requestOpenai(hi)).text()).toContain("[DONE]");
  });

  test("sends malformed arguments as they are", async () => {
    await start({ script: script([malformed("write_file", '{"file_path": ')]) });
    const deltas = chunksOf(await (await requestOpenai(hi)).text()).flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    expect(deltas.map((delta) => delta.function.arguments).join("")).toBe('{"file_path": ');
  });

  test.each([
    ["after some tokens", hang({ afterTokens: 1 })],
    ["before the headers", hang({ beforeHeaders: true })],
  ])("hangs %s until the client disconnects, and records the disconnection", async (_, fault) => {
    await start({ script: script([fault, say("one two")]) });
    const abort = new AbortController();
    const reading = requestOpenai(hi, {}, { signal: abort.signal }).then((response) => response.text());
    const recorded = await server.waitFor((request) => request.position !== undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(recorded.outcome).toBeUndefined();
    abort.abort();
    await expect(reading).rejects.toThrow();
    expect(await recorded.ended).toBe("client_disconnected");
  });
});

describe("conversations", () => {
  test("run concurrently, each in its own branch", async () => {
    await start({
      tokenDelayMs: 2,
      script: script([when(/counter/i, [say("A counter it is.")]), when(/list/i, [say("A list it is.")]), say("What shall it be?")]),
    });
    const texts = await Promise.all(
      ["My counter", "My list", "Hm"].map(async (text) =>
        chunksOf(await (await requestOpenai([user(text)])).text())
          .map((chunk) => chunk.choices[0]?.delta.content ?? "")
          .join(""),
      ),
    );
    expect(texts).toEqual(["A counter it is.", "A list it is.", "What shall it be?"]);
  });

  test("continue according to the messages, also after a server restart", async () => {
    const made = script([call("todo_read"), say("Done."), say("More.")]);
    await start({ script: made });
    const used = {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "c1", type: "function", function: { name: "todo_read", arguments: "{}" } }],
    };
    const soFar = [...hi, used, { role: "tool", tool_call_id: "c1", content: "[]" }];
    expect(await (await requestOpenai(soFar, { stream: false })).text()).toContain("Done.");
    await server.close();
    await start({ script: made });
    expect(await (await requestOpenai(soFar, { stream: false })).text()).toContain("Done.");
    expect(
      await (await requestOpenai([...soFar, { role: "assistant", content: "Done." }, user("go on")], { stream: false })).text(),
    ).toContain("More.");
  });

  test("arguments can be computed from tool results", async () => {
    await start({ script: script([call("shell_exec", (request) => ({ session_id: request.messages.at(-1)?.text }))]) });
    const body = await (await requestOpenai([user("s-42")], { stream: false })).text();
    expect(body).toContain("s-42");
  });

  test("reports that a script has ended", async () => {
    await start({ script: script([say("Hi")]) });
    const response = await requestOpenai([user("a"), user("b")]);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: "script_exhausted", message: "The script has no answer 1 to message 2 of this conversation." },
    });
  });
});

describe("time", () => {
  test("sends tokens one by one when slow", async () => {
    await start({ tokenDelayMs: 20, script: script([turn(say("one two three"), pause(50), say(" four"))]) });
    const response = await requestOpenai(hi);
    const times: number[] = [];
    const decoder = new TextDecoder();
    for await (const bytes of response.body!) if (decoder.decode(bytes).includes('"content":')) times.push(performance.now());
    expect(times.length).toBeGreaterThanOrEqual(4);
    expect(times.at(-1)! - times[0]!).toBeGreaterThan(80);
  });

  test("load is steady and endless", async () => {
    await start({ script: script([load({ tokensPerSecond: 400 })], { repeat: true }) });
    const abort = new AbortController();
    const response = await requestOpenai([user("a"), user("b")], {}, { signal: abort.signal });
    const reading = response.text().catch(() => "aborted");
    await new Promise((resolve) => setTimeout(resolve, 500));
    abort.abort();
    expect(await reading).toBe("aborted");
    const { tokens, ended } = server.requests[0]!;
    expect(await ended).toBe("client_disconnected");
    expect(tokens).toBeGreaterThan(120);
    expect(tokens).toBeLessThan(260);
  });

  test("a load may be limited", async () => {
    await start({ script: script([load({ tokensPerSecond: 10_000, tokens: 25 })]) });
    expect(chunksOf(await (await requestOpenai(hi)).text()).filter((chunk) => chunk.choices[0]?.delta.content).length).toBe(25);
  });
});

test("records requests and how they ended", async () => {
  await start({ script: script([say("Hi")]) });
  await (
    await requestOpenai([{ role: "system", content: "Be kind." }, user("hi")], {
      tools: [{ type: "function", function: { name: "glob" } }],
    })
  ).text();
  const [recorded] = server.requests;
  expect(await recorded!.ended).toBe("answered");
  expect(recorded).toMatchObject({
    path: "/v1/chat/completions",
    request: { protocol: "openai", model: "scripted", system: "Be kind.", tools: ["glob"] },
    position: { exchange: 0, answer: 0 },
    tokens: 1,
  });
  await expect(server.waitFor((request) => request.path === "/never", 20)).rejects.toThrow("within 20 ms");
});

test("several servers and a fixed port", async () => {
  await using first = await startModelServer();
  await first.close();
  await using second = await startModelServer({ port: Number(new URL(first.url).port) });
  expect(second.url).toBe(first.url);
});
