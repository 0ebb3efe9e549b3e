import { call, fail, say, when } from "@tesslate/testkit";
import { expect, test } from "vitest";
import { chatWorld, eventually, find } from "../../../testing/chat.ts";
import { titleFromMessage, titleFromModel } from "./naming.ts";

test.each([
  ["Build a to-do app", "Build a to-do app"],
  ["  # Plan\n\nmore text", "Plan"],
  ["\n- buy   milk ", "buy milk"],
  ["***", "New chat"],
  [
    "Make the header sticky and give the whole page a darker background, please",
    "Make the header sticky and give the whole page a darker…",
  ],
  ["x".repeat(100), `${"x".repeat(60)}…`],
])("%j becomes %j", (message, title) => expect(titleFromMessage(message)).toBe(title));

test.each([
  ['"Waiting list for the bread class."', "Waiting list for the bread class"],
  ["\n**Title: Brotkurs**\nmore", "Brotkurs"],
  ["…", undefined],
  ["", undefined],
])("the model's reply %j becomes the title %j", (reply, title) => expect(titleFromModel(reply)).toBe(title));

test("the model names the chat after the first answer; a name set by a person, a failure and later answers leave the title unchanged", async () => {
  const first = "Please build me a waiting list for the Saturday bread class, with twelve places";
  await using world = await chatWorld({
    env: { AGENT_CHAT_TITLES: "1", DEFAULT_MODELS: "openai/gpt-5.1" },
    script: [
      when(/Name this conversation[\s\S]*bread class/, [say('"Waiting list for the bread class."')]),
      when(/Name this conversation[\s\S]*Break it/, [fail(400, { times: 9 })]),
      when(/Name this conversation/, [say("Never sent")]),
      when(/.*/, [call("write_file", { file_path: "a.txt", content: "a" }), say("Done.")]),
    ],
  });
  const client = world.app.as(world.owner);
  const titles = async () => (await client.chat.sessions({ query: {} })).items.map((one) => one.title);
  const calls = () => world.model.requests.filter(({ request }) => /Name this conversation/.test(request?.messages[0]?.text ?? "")).length;
  const session = async (message: string) => {
    const { id } = await client.chat.createSession({ body: { project_id: world.project.id } });
    return { id, events: await world.run(message, { chat_id: id }) };
  };
  const { id, events } = await session(first);
  expect(find(events, "complete")!.data.success).toBe(true);
  await eventually(async () => (await titles()).includes("Waiting list for the bread class"));
  const { rows } = await world.app.studio.database.pool.query("select data from events where type = 'chat_title'");
  expect(rows).toEqual([{ data: { chat_id: id, title: "Waiting list for the bread class" } }]);
  // The title call is charged as its own usage; the run's cost does not include it.
  const { items } = await client.billing.usage({ query: {} });
  expect(items.filter((item) => item.purpose === "title")).toMatchObject([{ model: "openai/gpt-5.1", chat_id: id }]);
  const titleRequest = world.model.requests.find(({ request }) => /Name this conversation/.test(request?.messages[0]?.text ?? ""));
  expect(titleRequest!.body).toMatchObject({ max_completion_tokens: 300 });
  // A later answer does not request a title.
  await world.run("And a second message", { chat_id: id });
  const failing = await session("Break it");
  await eventually(() => calls() > 1);
  expect(await titles()).toEqual(expect.arrayContaining(["Break it", "Waiting list for the bread class"]));
  expect(failing.events.at(-1)?.type).toBe("done");
  // A name that a person gave before is kept.
  const { id: own } = await client.chat.createSession({ body: { project_id: world.project.id, title: "Mine" } });
  const before = calls();
  await world.run("Something", { chat_id: own });
  // Once the last chat is named, no other title request can still be pending.
  await session("The bread class, once more");
  await eventually(async () => (await titles()).filter((title) => title === "Waiting list for the bread class").length === 2);
  expect([await titles(), calls()]).toEqual([expect.arrayContaining(["Mine"]), before + 1]);
});
