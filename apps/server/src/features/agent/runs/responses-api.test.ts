import { afterAll, beforeAll, expect, test } from "vitest";
import { call, nextMessage, say, think, turn, usage, when } from "@tesslate/testkit";
import { chatWorld, find, plantedKey, type ChatWorld } from "../../../testing/chat.ts";

let world: ChatWorld;
beforeAll(async () => {
  world = await chatWorld({
    env: { OPENAI_API: "responses", DEFAULT_MODELS: "openai/gpt-5.1", OUTBOUND_ALLOW_HOSTS: "127.0.0.1" },
    script: [
      when(/lab/, [turn(think("Hm."), say("Hello yourself.")), nextMessage(), say("Again.")]),
      turn(think("I write it down."), call("write_file", { file_path: "a.txt", content: "one" })),
      turn(think("That is all."), say("Written."), usage({ input: 1_000, output: 100, cached: 900 })),
      nextMessage(),
      turn(think("It says one."), say("One.")),
    ],
  });
});
afterAll(() => world?.[Symbol.asyncDispose]());

interface Item {
  type?: string;
  role?: string;
  encrypted_content?: string;
}
interface Body {
  input: Item[];
  tools?: unknown[];
  reasoning?: object;
  store?: boolean;
  prompt_cache_key?: string;
}
/** The requests of runs; those that name a chat have no tools. */
const requests = () => world.model.requests.filter(({ body }) => (body as Body | undefined)?.tools);
const bodies = () => requests().map(({ body }) => body as Body);

test("a chat at a connection with the Responses API keeps its encrypted reasoning, and each request begins with the one before it", async () => {
  const first = await world.run("Write it down", { reasoning: "medium" });
  const { chat_id } = find(first, "task_started")!.data;
  expect(find(first, "complete")).toMatchObject({ data: { final_response: "Written." } });
  expect(await world.read("a.txt")).toBe("one");
  expect(
    first
      .filter(({ type }) => type === "reasoning_chunk")
      .map(({ data }) => (data as { content: string }).content)
      .join(""),
  ).toContain("I write it down.");
  expect(find(first, "credits_used")).toBeDefined();
  await world.run("What does it say?", { chat_id });
  expect(requests().map(({ path }) => path)).toEqual(["/v1/responses", "/v1/responses", "/v1/responses"]);
  const [asked, answered, again] = bodies();
  expect(answered!.input.slice(0, asked!.input.length)).toEqual(asked!.input);
  expect(again!.input.slice(0, answered!.input.length)).toEqual(answered!.input);
  expect(again!.input.map((item) => item.type ?? item.role)).toEqual([
    "developer",
    "user",
    "reasoning",
    "function_call",
    "function_call_output",
    "reasoning",
    "assistant",
    "user",
  ]);
  for (const item of again!.input.filter(({ type }) => type === "reasoning")) expect(item.encrypted_content).toEqual(expect.any(String));
  for (const body of bodies()) {
    expect(body).toMatchObject({ store: false, reasoning: { effort: "medium", summary: "auto" } });
    expect(body.prompt_cache_key).toBe(asked!.prompt_cache_key);
  }
  expect(asked!.prompt_cache_key).toEqual(expect.any(String));
  for (const recorder of Object.values(world.model.published)) recorder.verify();
});

test("a person's own endpoint has the API that it was added with, until that is changed", async () => {
  const keys = world.app.as(world.owner).modelKeys;
  const added = await keys.createCustomProvider({
    body: { name: "Lab", slug: "lab", base_url: world.model.openai_base_url, api_type: "openai_responses", api_key: plantedKey },
  });
  expect(added.api_type).toBe("openai_responses");
  const callsOf = async (message: string, chat_id?: string) => {
    const before = world.model.requests.length;
    const events = await world.run(message, { model: "custom/lab/scripted", ...(chat_id && { chat_id }) });
    expect(find(events, "complete")?.data.success).toBe(true);
    const calls = world.model.requests.slice(before).filter(({ method }) => method === "POST");
    return { chat_id: find(events, "task_started")!.data.chat_id, calls, paths: new Set(calls.map(({ path }) => path)) };
  };
  const first = await callsOf("Hello, lab");
  expect(first.paths).toEqual(new Set(["/v1/responses"]));
  await keys.updateCustomProvider({ params: { id: added.id }, body: { api_type: "openai" } });
  const second = await callsOf("Hello again", first.chat_id);
  expect(second.paths).toEqual(new Set(["/v1/chat/completions"]));
  expect(JSON.stringify(second.calls.at(-1)!.body)).toContain("Hello yourself.");
});
