import {
  call,
  fail,
  parallel,
  say,
  script,
  startModelServer,
  turn,
  when,
  type ModelServerOptions,
  type ScriptItem,
  type ScriptRequest,
} from "@tesslate/testkit";
import { afterEach, describe, expect, test } from "vitest";
import { testApp } from "../../../testing/app.ts";
import { chatWorld, find } from "../../../testing/chat.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
const serving = async (options: ModelServerOptions) => {
  const server = await startModelServer({ models: ["some-model"], ...options });
  closers.push(() => server.close());
  return server;
};
const note = (title: string, count: number) => call("add_note", { title, count });
const probed: ScriptItem[] = [
  when(/^Call add_note once.*else\.$/, [note("alpha", 3)]),
  when(/^Call add_note twice/, [parallel(note("alpha", 1), note("beta", 2))]),
  when(/Then answer with the number/, [turn(note("alpha", 3)), say("4711")]),
];

describe("the context window in the list of models", () => {
  const openai = (url: string) => ({ OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: "sk-0123456789" });
  test.each([
    ["OpenRouter's context_length", "openrouter", { most: 40_960 }, openai, "openai", 40_960],
    ["vLLM's max_model_len", "vllm", { most: 131_072, loaded: 16_384 }, openai, "openai", 16_384],
    ["llama.cpp's n_ctx", "llama.cpp", { most: 131_072, loaded: 12_288 }, openai, "openai", 12_288],
    ["llama.cpp's n_ctx_train, of versions that tell no more", "llama.cpp", { most: 65_536 }, openai, "openai", 65_536],
    ["LM Studio's loaded_context_length", "lm-studio", { most: 131_072, loaded: 8_192 }, openai, "openai", 8_192],
    ["LM Studio's max_context_length, of a model that is not loaded", "lm-studio", { most: 131_073 }, openai, "openai", 131_073],
    [
      "Anthropic's max_input_tokens",
      "openai",
      { most: 555_000 },
      (url: string) => ({ ANTHROPIC_BASE_URL: `${url}/v1`, ANTHROPIC_API_KEY: "sk-0123456789" }),
      "anthropic",
      555_000,
    ],
    [
      "Google's inputTokenLimit",
      "openai",
      { most: 444_000 },
      (url: string) => ({ GOOGLE_GENERATIVE_AI_BASE_URL: `${url}/v1beta`, GOOGLE_GENERATIVE_AI_API_KEY: "sk-0123456789" }),
      "google",
      444_000,
    ],
    ["nothing: the default", "openai", { most: 40_960 }, openai, "openai", 128_000],
  ] as const)("%s", async (_name, service, windows, env, provider, expected) => {
    const server = await serving({ service, windows: { "some-model": windows } });
    const app = await testApp({ env: env(server.url) });
    closers.push(() => app.close());
    const { items } = await app.as(await app.signUp()).models.list();
    expect(items.map(({ id, context_window }) => [id, context_window])).toEqual([[`${provider}/some-model`, expected]]);
  });

  test.each([
    ["with which it is loaded", { most: 131_072, configured: 16_384, loaded: 4_096 }, 4_096],
    ["that its parameters set", { most: 131_072, configured: 16_384 }, 16_384],
    ["that it supports", { most: 131_072 }, 131_072],
  ])("a test of a model at Ollama finds the window %s", async (_name, windows, expected) => {
    const server = await serving({ service: "ollama", windows: { "some-model": windows }, script: script(probed) });
    const app = await testApp({ env: { OLLAMA_BASE_URL: server.url } });
    closers.push(() => app.close());
    const client = app.as(await app.signUp());
    expect(await client.models.probe({ body: { model: "ollama/some-model" } })).toMatchObject({ context_window: expected });
    expect((await client.models.list()).items[0]).toMatchObject({ context_window: expected });
  });
});

test("a window that the provider names in a refusal is stored for the model; the chat is compacted and the call repeated once", async () => {
  const message = "This model's maximum context length is 16384 tokens. However, you requested 20000 tokens.";
  const long = "word ".repeat(3_000);
  // What is stored for a model would be known to other tests of a shared server.
  await using world = await chatWorld({ ownServer: true });
  const { id: chat_id } = await world.app.as(world.owner).chat.createSession({ body: { project_id: world.project.id } });
  for (const word of ["First", "Second", "Third"]) {
    world.model.setScript(script([say(`${word} ${long}`)], { repeat: true }));
    await world.run(word, { chat_id });
  }
  const isCompacted = ({ messages }: ScriptRequest) => messages[0]?.text.startsWith("[SUMMARY") ?? false;
  world.model.setScript(
    script(
      [
        when(({ system }: ScriptRequest) => system.startsWith("You summarise"), [say("Three messages.")]),
        when(isCompacted, [say("four")]),
        when(() => true, [fail(400, { message }), say("never")]),
      ],
      { repeat: true },
    ),
  );
  const events = await world.run("Fourth", { chat_id });
  expect(find(events, "complete")!.data).toMatchObject({
    success: true,
    final_response: "four",
    resource_stats: { context_window: 16_384 },
  });
  const client = world.app.as(world.owner);
  const listed = (await client.models.list()).items.find(({ id }) => id === "openai/scripted");
  // Only its window is known: nobody tested it, and it called no tool.
  expect(listed).toMatchObject({ context_window: 16_384, tools: "native", score: null });
  expect(await client.chat.estimate({ body: { project_id: world.project.id, chat_id, message: "Fifth" } })).toMatchObject({
    context_window: 16_384,
  });
});
