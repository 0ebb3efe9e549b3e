import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { expect, inject, test } from "vitest";
import { call, nextMessage, say } from "@tesslate/testkit";
import { testApp } from "../../../testing/app.ts";
import { testConnection } from "../../../testing/postgres.ts";
import { answer, chatWorld, eventually, modelEnv } from "../../../testing/chat.ts";
import { approvalScript, startBusyChat, client, listQueue, queuedMessages, enqueue, userMessages } from "../../../testing/queue.ts";

test("a server stops while an approval is pending: the run resumes, gets its steering messages, then the queue continues", async () => {
  const script = [call("write_file", { file_path: "a.txt", content: "a" }), nextMessage(), say("Steered."), nextMessage(), say("Next.")];
  const before = await chatWorld({ ownServer: true, script });
  const { stream, chat_id, approval_id } = await startBusyChat(before);
  await client(before).queue.steer({ params: { chat_id }, body: { message: "Use blue" } });
  await enqueue(before, chat_id, "Then this");
  await before.app.close();
  await stream.ended.catch(() => undefined);
  await using world = await chatWorld({ script, after: before });
  await eventually(async () => (await client(world).chat.get({ params: { chat_id } })).active_task !== null);
  expect((await listQueue(world, chat_id)).items.map((item) => [item.message, item.is_steering])).toEqual([
    ["Use blue", true],
    ["Then this", false],
  ]);
  await answer(world, world.owner, approval_id, "allow_once");
  expect(await userMessages(world, chat_id, 2)).toEqual(["Go", "Then this"]);
  const { messages } = await client(world).chat.get({ params: { chat_id } });
  expect(messages.map((message) => message.content)).toEqual(["Go", "Steered.", "Then this", "Next."]);
  expect(messages[1]?.message_metadata).toMatchObject({ steered: [{ text: "Use blue", iteration: 2 }] });
});

test("a server dies between the end of a run and the start of the next: the next server starts it", async () => {
  const script = [say("Found it.")];
  const before = await chatWorld({ ownServer: true, script });
  const { id: chat_id } = await client(before).chat.createSession({ body: { project_id: before.project.id } });
  await before.app.close();
  const db = new pg.Client(testConnection(inject("postgres").server, before.state.database));
  await db.connect();
  await db.query(
    `insert into queued_messages (chat_id, user_id, user_name, message, options, position, created_at)
     select id, user_id, 'Ada', 'Left behind', '{"edit_mode":"allow"}', 0, now() - interval '1 minute' from chats where id = $1`,
    [chat_id],
  );
  await db.end();
  await using world = await chatWorld({ script, after: before });
  expect(await userMessages(world, chat_id, 1)).toEqual(["Left behind"]);
  expect(await queuedMessages(world, chat_id)).toEqual([]);
});

test("two servers that both advance the queue send each message once, in order", async () => {
  const env = { DATABASE_URL: "postgres://shared/database" };
  await using world = await chatWorld({ env, script: approvalScript });
  const dataDir = await mkdtemp(join(tmpdir(), "studio-second-"));
  const second = await testApp({
    env: { ...env, ...modelEnv(world.model) },
    database: world.state.database,
    dataDir,
    swap: { runtime: Object.create(world.runtime, { close: { value: async () => undefined } }) },
  });
  try {
    const { stream, chat_id, task_id } = await startBusyChat(world);
    const there = second.as(world.owner);
    for (const message of ["A", "B", "C"]) await there.queue.add({ params: { chat_id }, body: { message, edit_mode: "allow" } });
    await there.chat.cancel({ body: { task_id } });
    await stream.ended;
    await eventually(async () => (await listQueue(world, chat_id)).held !== null);
    await Promise.all([client(world), there, client(world), there].map((one) => one.queue.resume({ params: { chat_id } })));
    expect(await userMessages(world, chat_id, 4)).toEqual(["Go", "A", "B", "C"]);
    expect(await queuedMessages(world, chat_id)).toEqual([]);
  } finally {
    await second.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});
