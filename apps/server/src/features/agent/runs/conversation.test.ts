import { afterAll, beforeAll, expect, test } from "vitest";
import { call, say } from "@tesslate/testkit";
import { chatWorld, find, type ChatWorld } from "../../../testing/chat.ts";

let world: ChatWorld;
beforeAll(async () => {
  world = await chatWorld({
    script: [
      call("write_file", { file_path: "a.txt", content: "one" }),
      call("read_file", { file_path: "a.txt" }),
      say("First answer."),
      say("Second answer."),
      say("Third answer."),
      say("Fourth answer."),
      say("Fifth answer."),
    ],
  });
});
afterAll(() => world?.[Symbol.asyncDispose]());

const api = () => world.app.as(world.owner).chat;
interface Stored {
  role: string;
  of: string;
  task_id: string | null;
  model: string | null;
}
const recordOf = async (chatId: string): Promise<Stored[]> =>
  (
    await world.app.studio.database.pool.query(
      `select said.data->>'role' as role, message.content as of, said.task_id, said.model
       from conversation_messages said join messages message on message.id = said.message_id where said.chat_id = $1 order by said.position`,
      [chatId],
    )
  ).rows as Stored[];
const rolesOf = (rows: Stored[]) => rows.map((row) => row.role);
interface Sent {
  messages: unknown[];
  tools?: unknown[];
}
/** The messages of the last request of a run, as they were sent. */
const lastSent = (): unknown[] => world.model.requests.map((request) => request.body as Sent).findLast((body) => body.tools)!.messages;

let chat_id = "";
test("a message is sent after everything that was said before, as it was said", async () => {
  const events = await world.run("First");
  const started = find(events, "task_started")!;
  chat_id = started.data.chat_id;
  expect(rolesOf(await recordOf(chat_id))).toEqual(["user", "assistant", "tool", "assistant", "tool", "assistant"]);
  const first = lastSent();
  await world.run("Second", { chat_id, details: "at line 7" });
  const second = lastSent();
  // The answer and the new message are added to it.
  expect(second.slice(0, first.length)).toEqual(first);
  expect(second.slice(first.length)).toMatchObject([
    { role: "assistant", content: "First answer." },
    { role: "user", content: expect.stringContaining("at line 7") },
  ]);
  const record = await recordOf(chat_id);
  expect(rolesOf(record).slice(-2)).toEqual(["user", "assistant"]);
  expect(record[0]).toMatchObject({ of: "First", task_id: started.task_id, model: null });
  expect(record[1]).toMatchObject({ of: "First answer.", task_id: started.task_id, model: expect.any(String) });
});

test("a fork continues from the same beginning, and a rewind takes its part of the record along and back", async () => {
  const chat = await api().get({ params: { chat_id } });
  const whole = await recordOf(chat_id);
  const fork = await api().fork({ params: { chat_id }, body: { message_id: chat.messages[1]!.id } });
  expect(rolesOf(await recordOf(fork.id))).toEqual(rolesOf(whole.slice(0, 6)));
  const before = lastSent();
  await world.run("Another way", { chat_id: fork.id });
  expect(lastSent().slice(0, before.length - 1)).toEqual(before.slice(0, -1));

  const ended = async (taskId: string) => {
    for await (const { data } of world.app.as(world.owner).tasks.events({ params: { task_id: taskId } })) if (data.completed_at) return;
  };
  await ended((await api().restore({ params: { chat_id }, body: { message_id: chat.messages[2]!.id } })).task_id);
  expect(await recordOf(chat_id)).toEqual(whole.slice(0, 6));
  await ended((await api().redo({ params: { chat_id } })).task_id);
  expect(await recordOf(chat_id)).toEqual(whole);
});

test("the record of a chat that has none is built once from its messages and steps, and then only extended", async () => {
  await world.app.studio.database.pool.query("delete from conversation_messages where chat_id = $1", [chat_id]);
  await world.run("Third", { chat_id });
  const third = lastSent();
  expect(JSON.stringify(third)).toContain("[tools used]");
  expect(JSON.stringify(third)).toContain("at line 7");
  expect(third.at(-1)).toMatchObject({ role: "user", content: expect.stringContaining("Third") });
  const record = await recordOf(chat_id);
  expect(new Set(record.map((row) => row.of))).toEqual(
    new Set(["First", "First answer.", "Second", "Second answer.", "Third", "Third answer."]),
  );
  await world.run("Fourth", { chat_id });
  expect(lastSent().slice(0, third.length)).toEqual(third);
  expect((await recordOf(chat_id)).slice(0, record.length)).toEqual(record);
});

test("clearing a chat deletes its record", async () => {
  await api().clear({ params: { chat_id } });
  expect(await recordOf(chat_id)).toEqual([]);
});
