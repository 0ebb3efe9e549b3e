/** The parsers of our agent accept the server's output, which proves that it speaks the real protocols. */
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogle } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import type { LanguageModelV4, LanguageModelV4CallOptions, LanguageModelV4StreamPart } from "@ai-sdk/provider";
import { afterEach, describe, expect, test, vi } from "vitest";
import { startModelServer, type ModelServer, type ModelServerOptions } from "./model-server.ts";
import { call, disconnect, fail, garbage, hang, malformed, parallel, say, script, think, turn, usage } from "./script.ts";

let server: ModelServer;
afterEach(() => server?.close());

const providers: [string, (key: string) => LanguageModelV4][] = [
  ["openai-responses", (apiKey) => createOpenAI({ baseURL: server.openai_base_url, apiKey }).responses("scripted")],
  [
    "openai-compatible",
    (apiKey) => createOpenAICompatible({ name: "test", baseURL: server.openai_base_url, apiKey, includeUsage: true }).chatModel("scripted"),
  ],
  ["anthropic", (apiKey) => createAnthropic({ baseURL: server.anthropic_base_url, apiKey }).languageModel("scripted")],
  ["google", (apiKey) => createGoogle({ baseURL: server.google_base_url, apiKey }).languageModel("scripted")],
];

const readFile = {
  type: "function",
  name: "read_file",
  description: "Reads a file.",
  inputSchema: { type: "object", properties: { file_path: { type: "string" } }, required: ["file_path"] },
} as const;
const hi: LanguageModelV4CallOptions["prompt"] = [
  { role: "system", content: "Be kind." },
  { role: "user", content: [{ type: "text", text: "hi" }] },
];

async function collect(model: LanguageModelV4, options: Partial<LanguageModelV4CallOptions> = {}) {
  const { stream } = await model.doStream({ prompt: hi, tools: [readFile], providerOptions: { openai: { store: false } }, ...options });
  const parts: LanguageModelV4StreamPart[] = [];
  for await (const part of stream) parts.push(part);
  return {
    parts,
    text: parts.map((part) => (part.type === "text-delta" ? part.delta : "")).join(""),
    reasoning: parts.map((part) => (part.type === "reasoning-delta" ? part.delta : "")).join(""),
    calls: parts.filter((part) => part.type === "tool-call"),
    finish: parts.find((part) => part.type === "finish"),
    errors: parts.filter((part) => part.type === "error"),
  };
}

describe.each(providers)("%s", (name, modelOf) => {
  const start = async (options: ModelServerOptions) => {
    server = await startModelServer({ apiKey: "sk-right", ...options });
    return modelOf("sk-right");
  };

  test("text, reasoning and usage", async () => {
    const model = await start({
      script: script([turn(think("Let me see."), say("Hello, world."), usage({ input: 100, output: 20, cached: 40 }))]),
    });
    const { text, reasoning, finish, parts } = await collect(model);
    expect(text).toBe("Hello, world.");
    expect(reasoning).toBe("Let me see.");
    expect(parts.filter((part) => part.type === "text-delta").length).toBeGreaterThan(1);
    expect(finish).toMatchObject({
      finishReason: { unified: "stop" },
      usage: { inputTokens: { total: 100, cacheRead: 40 }, outputTokens: { total: 20 } },
    });
    expect(server.requests[0]?.request).toMatchObject({ system: "Be kind.", tools: ["read_file"], stream: true });
  });

  test("a fragmented call, answered in the next request", async () => {
    const model = await start({
      script: script([say("Reading."), call("read_file", { file_path: "src/a-long-enough-name.tsx" }), say("Read.")]),
    });
    const { calls, finish } = await collect(model);
    expect(calls).toMatchObject([{ toolName: "read_file", input: '{"file_path":"src/a-long-enough-name.tsx"}' }]);
    expect(finish).toMatchObject({ finishReason: { unified: "tool-calls" } });
    const [made] = calls;
    const after = await collect(model, {
      prompt: [
        ...hi,
        {
          role: "assistant",
          content: [
            { type: "text", text: "Reading." },
            {
              type: "tool-call",
              toolCallId: made!.toolCallId,
              toolName: made!.toolName,
              input: JSON.parse(made!.input) as unknown,
              providerOptions: made!.providerMetadata,
            },
          ],
        },
        {
          role: "tool",
          content: [
            { type: "tool-result", toolCallId: made!.toolCallId, toolName: made!.toolName, output: { type: "text", value: "body" } },
          ],
        },
      ],
    });
    expect(after.text).toBe("Read.");
    const tool = server.requests[1]?.request?.messages.find((message) => message.role === "tool");
    expect(tool?.text).toContain("body");
  });

  test("parallel calls keep their order and have their own ids", async () => {
    const model = await start({ script: script([parallel(call("read_file", { file_path: "a" }), call("read_file", { file_path: "b" }))]) });
    const { calls } = await collect(model);
    expect(calls.map((made) => made.input)).toEqual(['{"file_path":"a"}', '{"file_path":"b"}']);
    expect(new Set(calls.map((made) => made.toolCallId)).size).toBe(2);
  });

  test("the same responses without streaming", async () => {
    const model = await start({ script: script([say("Reading."), call("read_file", { file_path: "a" })]) });
    const { content } = await model.doGenerate({ prompt: hi, tools: [readFile] });
    expect(content).toMatchObject([
      { type: "text", text: "Reading." },
      { type: "tool-call", toolName: "read_file", input: '{"file_path":"a"}' },
    ]);
  });

  test("an abort ends the stream and the server notices", async () => {
    const model = await start({ tokenDelayMs: 5, script: script([say("word ".repeat(1000))]) });
    const abort = new AbortController();
    const { stream } = await model.doStream({ prompt: hi, abortSignal: abort.signal });
    await expect(async () => {
      for await (const part of stream) if (part.type === "text-delta") abort.abort();
    }).rejects.toThrow();
    expect(await server.requests[0]!.ended).toBe("client_disconnected");
    expect(server.requests[0]!.tokens).toBeLessThan(1000);
  });

  test("a wrong key, a limit and a failure are errors in the provider's format", async () => {
    await start({ script: script([fail(429, { retryAfter: 7 }), fail(500), say("Hi")]) });
    await expect(modelOf("sk-wrong-and-long").doStream({ prompt: hi })).rejects.toMatchObject({
      statusCode: name === "google" ? 400 : 401,
    });
    await expect(modelOf("sk-right").doStream({ prompt: hi })).rejects.toMatchObject({
      statusCode: 429,
      isRetryable: true,
      responseHeaders: { "retry-after": "7" },
    });
    await expect(modelOf("sk-right").doStream({ prompt: hi })).rejects.toMatchObject({ statusCode: 500, isRetryable: true });
    expect((await collect(modelOf("sk-right"))).text).toBe("Hi");
  });

  test("an error in the middle of the stream is an error part", async () => {
    const model = await start({ script: script([fail(500, { afterTokens: 1 }), say("one two")]) });
    const { text, errors } = await collect(model);
    expect(text).toBe("one");
    expect(errors.length).toBe(1);
  });

  test("a broken connection is never a finished response", async () => {
    const model = await start({ script: script([disconnect({ afterTokens: 2 }), say("one two three")]) });
    await expect(collect(model)).rejects.toThrow();
  });

  test("garbage is an error part or a rejection", async () => {
    const model = await start({ script: script([garbage("<html>oops</html>")]) });
    const seen = await collect(model).catch((error: unknown) => error);
    expect(seen instanceof Error || (seen as { errors: unknown[] }).errors.length > 0).toBe(true);
  });

  test("malformed arguments arrive as they are, where the protocol can carry them", async () => {
    const model = await start({ script: script([malformed("read_file", '{"file_path": ')]) });
    const { calls, finish } = await collect(model);
    if (name === "google") expect(finish).toMatchObject({ finishReason: { raw: "MALFORMED_FUNCTION_CALL" } });
    else expect(calls).toMatchObject([{ toolName: "read_file", input: '{"file_path": ' }]);
  });

  test("a silent provider stays silent until the client aborts", async () => {
    const model = await start({ script: script([hang()]) });
    const client = new AbortController();
    const rejected = expect(collect(model, { abortSignal: client.signal })).rejects.toThrow();
    await vi.waitFor(() => expect(server.requests).toHaveLength(1));
    client.abort();
    await rejected;
    expect(await server.requests[0]!.ended).toBe("client_disconnected");
  });
});
