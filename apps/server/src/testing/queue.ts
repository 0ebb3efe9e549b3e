import { call, nextMessage, say, type ScriptItem } from "@tesslate/testkit";
import { eventually, collect, type ChatWorld } from "./chat.ts";

/** The first answer waits for an approval; the others are short. */
export const approvalScript: ScriptItem[] = [
  call("write_file", { file_path: "a.txt", content: "a" }),
  say("First."),
  nextMessage(),
  say("Second."),
  nextMessage(),
  say("Third."),
  nextMessage(),
  say("Fourth."),
];
export async function startBusyChat(world: ChatWorld) {
  const stream = collect(world.send("Go", { edit_mode: "ask" }));
  const userMessages = await stream.until("approval_required");
  const { chat_id } = (await stream.until("task_started")).data;
  return { stream, chat_id, task_id: userMessages.task_id, approval_id: userMessages.data.approval_id };
}
export const client = (world: ChatWorld) => world.app.as(world.owner);
export const listQueue = async (world: ChatWorld, chat_id: string) => client(world).queue.list({ params: { chat_id } });
export const queuedMessages = async (world: ChatWorld, chat_id: string) =>
  (await listQueue(world, chat_id)).items.map((item) => item.message);
export const enqueue = (world: ChatWorld, chat_id: string, message: string, more = {}) =>
  client(world).queue.add({ params: { chat_id }, body: { message, edit_mode: "allow", ...more } });
/** The user's messages in this chat, once all are answered. */
export const userMessages = (world: ChatWorld, chat_id: string, count: number) =>
  eventually(async () => {
    const chat = await client(world).chat.get({ params: { chat_id } });
    const questions = chat.messages.filter((message) => message.role === "user").map((message) => message.content);
    return questions.length >= count && chat.active_task === null ? questions : undefined;
  });
