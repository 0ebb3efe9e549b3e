import { afterAll, beforeAll, expect, test } from "vitest";
import { call, say } from "@tesslate/testkit";
import { chatWorld, find, collect, type ChatWorld } from "../../../testing/chat.ts";

let world: ChatWorld;
beforeAll(async () => {
  world = await chatWorld({
    script: [
      call("write_file", { file_path: "a.txt", content: "one" }),
      say("First answer."),
      say("Second answer."),
      say("Third answer."),
      say("In the fork."),
    ],
  });
});
afterAll(() => world?.[Symbol.asyncDispose]());

const api = () => world.app.as(world.owner).chat;
const sessions = async () => (await api().sessions({ query: { project_id: world.project.id } })).items;
const refusal = (work: Promise<unknown>) =>
  work.then(
    () => "allowed",
    (error: { status: number; code: string }) => `${error.status} ${error.code}`,
  );

test("a fork has everything up to the message, with its steps, and is independent from then on", async () => {
  const first = await world.run("First");
  await world.run("Second");
  const chatId = find(first, "task_started")?.data.chat_id ?? "";
  const before = await api().get({ params: { chat_id: chatId } });
  expect(before.messages).toHaveLength(4);
  await api().update({ params: { chat_id: chatId }, body: { title: "Bakery" } });
  // As a chat from before conversations were recorded: a summary that replaces the first turn replaces it in the fork too.
  await world.app.studio.database.pool.query("delete from conversation_messages where chat_id = $1", [chatId]);
  await world.app.studio.database.pool.query(
    "update chats set summary = jsonb_build_object('text', 'The user wants a bakery.', 'until_message_id', $2::text) where id = $1",
    [chatId, before.messages[1]?.id],
  );
  const fork = await api().fork({ params: { chat_id: chatId }, body: { message_id: before.messages[1]?.id ?? "" } });
  expect(fork).toMatchObject({ title: "Bakery (2)", project_id: world.project.id, message_count: 2, status: "active", active_task: null });
  expect(fork.messages.map((m) => [m.role, m.content])).toEqual([
    ["user", "First"],
    ["assistant", "First answer."],
  ]);
  expect(fork.messages[1]?.message_metadata?.["steps"]).toMatchObject([{ tool_calls: [{ name: "write_file" }] }]);
  expect(await world.read("a.txt")).toBe("one");
  await world.run("Other way", { chat_id: fork.id });
  const sentMessages = world.model.requests.findLast((r) => JSON.stringify(r.body).includes("Other way"))?.request?.messages ?? [];
  expect(sentMessages[0]?.text).toContain("The user wants a bakery.");
  expect(JSON.stringify(sentMessages)).not.toContain("First answer.");
  expect((await api().get({ params: { chat_id: fork.id } })).message_count).toBe(4);
  expect((await api().get({ params: { chat_id: chatId } })).message_count).toBe(4);
});

test("an unfinished answer is not in the fork; clearing is refused during a run", async () => {
  const { id: chat_id } = await api().createSession({ body: { project_id: world.project.id, title: "Pending" } });
  const stream = collect(world.send("Continue", { chat_id, edit_mode: "ask" }));
  const { task_id } = await stream.until("approval_required");
  const last = (await api().get({ params: { chat_id } })).messages.at(-1);
  expect(last?.message_metadata).toMatchObject({ completion_reason: "in_progress" });
  const fork = await api().fork({ params: { chat_id }, body: { message_id: last?.id ?? "" } });
  expect(fork.messages).toMatchObject([{ role: "user", content: "Continue" }]);
  expect(await refusal(api().clear({ params: { chat_id } }))).toBe("409 chat_busy");
  await api().cancel({ body: { task_id } });
  await stream.ended;
});

test("a cleared session is empty and can be used again", async () => {
  const made = await api().createSession({ body: { project_id: world.project.id, title: "To clear" } });
  await world.app.studio.database.pool.query(
    "insert into messages (chat_id, role, content, position) values ($1, 'user', 'a', 0), ($1, 'assistant', 'b', 1)",
    [made.id],
  );
  // Messages that a restore hid before are removed too.
  await world.app.studio.database.pool.query(
    `insert into chat_rewinds (chat_id, checkpoint_id, messages, steps)
     select m.chat_id, gen_random_uuid(), jsonb_build_array(to_jsonb(m) || '{"position": 2}'), '[]' from messages m where m.chat_id = $1 and m.position = 0`,
    [made.id],
  );
  expect((await api().get({ params: { chat_id: made.id } })).rewound).toHaveLength(1);
  expect(await api().clear({ params: { chat_id: made.id } })).toEqual({ deleted_count: 2 });
  expect(await api().get({ params: { chat_id: made.id } })).toMatchObject({ message_count: 0, title: "To clear", rewound: null });
});

test("pinned sessions come first and keep their place in time", async () => {
  const before = await sessions();
  const oldest = before.at(-1);
  const params = { chat_id: oldest?.id ?? "" };
  expect(await api().update({ params, body: { pinned: true } })).toMatchObject({ pinned: true, updated_at: oldest?.updated_at });
  expect((await sessions())[0]?.id).toBe(oldest?.id);
  await api().update({ params, body: { pinned: false } });
  expect((await sessions()).map((s) => s.id)).toEqual(before.map((s) => s.id));
});

test("another user gets 404 on fork and clear; bad input gets 422", async () => {
  const [chat, other] = (await sessions()).filter((s) => s.message_count > 0);
  const params = { chat_id: chat?.id ?? "" };
  const message = (await api().get({ params })).messages[0]?.id ?? "";
  const grace = world.app.as(await world.app.signUp()).chat;
  expect(await refusal(grace.fork({ params, body: { message_id: message } }))).toBe("404 not_found");
  expect(await refusal(grace.clear({ params }))).toBe("404 not_found");
  expect(await refusal(api().fork({ params: { chat_id: other?.id ?? "" }, body: { message_id: message } }))).toBe("404 not_found");
  expect(await refusal(api().fork({ params, body: { message_id: "x" } }))).toBe("422 validation_error");
});
