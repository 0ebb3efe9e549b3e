import { afterAll, beforeAll, expect, test } from "vitest";
import { nextMessage, say } from "@tesslate/testkit";
import { chatWorld, find, type ChatWorld } from "../../../testing/chat.ts";

let world: ChatWorld;
beforeAll(async () => {
  world = await chatWorld({ script: ["One.", "Two.", "Three.", "Four."].flatMap((answer) => [say(answer), nextMessage()]) });
});
afterAll(() => world?.[Symbol.asyncDispose]());

const agents = () => world.app.as(world.owner).marketplaceAgents;
const thinker = { name: "Thinker", description: "Thinks", system_prompt: "Think.", agent_type: "TesslateAgent" as const };

test("an agent's level of reasoning is one of the levels, beside other settings", async () => {
  await expect(agents().create({ body: { ...thinker, config: { reasoning: "loud" as "high" } } })).rejects.toMatchObject({ status: 422 });
  const { id, config } = await agents().create({ body: { ...thinker, config: { reasoning: "high", note: "kept" } } });
  expect(config).toEqual({ reasoning: "high", note: "kept" });
  expect((await agents().update({ params: { id }, body: { config: { reasoning: null } } })).config).toEqual({
    reasoning: null,
    note: "kept",
  });
});

test("an agent's level of reasoning counts in chats without one, and is not kept for other agents", async () => {
  const { id: agent_id } = await agents().create({ body: { ...thinker, config: { reasoning: "high" } } });
  const send = async (message: string, more: object = {}) => {
    const events = await world.run(message, { model: "openai/gpt-5.1", ...more });
    const sent = world.model.requests.map((request) => request.body as { tools?: unknown; reasoning_effort?: string } | undefined);
    const { chat_id, reasoning } = find(events, "task_started")!.data;
    return { chat_id, chosen: reasoning, sent: sent.findLast((one) => one?.tools)?.reasoning_effort };
  };
  const { chat_id, ...first } = await send("First", { agent_id });
  expect(first).toEqual({ chosen: undefined, sent: "high" });
  expect(await send("Second", { chat_id })).toMatchObject({ chosen: undefined, sent: undefined });
  expect(await send("Third", { chat_id, agent_id, reasoning: "low" })).toMatchObject({ chosen: "low", sent: "low" });
  expect(await send("Fourth", { chat_id, agent_id, reasoning: null })).toMatchObject({ chosen: undefined, sent: "high" });
});
