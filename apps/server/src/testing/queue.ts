import { call, nextMessage, say, type ScriptItem } from "@tesslate/testkit";
import { eventually, reading, type ChatWorld } from "./chat.ts";

/** The first answer waits for an approval; the others are short. */
export const waiting: ScriptItem[] = [
  call("write_file", { file_path: "a.txt", content: "a" }),
  say("First."),
  nextMessage(),
  say("Second."),
  nextMessage(),
  say("Third."),
  nextMessage(),
  say("Fourth."),
];
export async function busy(world: ChatWorld) {
  const stream = reading(world.send("Go", { edit_mode: "ask" }));
  const asked = await stream.until("approval_required");
  const { chat_id } = (await stream.until("task_started")).data;
  return { stream, chat_id, task_id: asked.task_id, approval_id: asked.data.approval_id };
}
export const client = (world: ChatWorld) => world.app.as(world.owner);
export const list = async (world: ChatWorld, chat_id: string) => client(world).queue.list({ params: { chat_id } });
export const waits = async (world: ChatWorld, chat_id: string) => (await list(world, chat_id)).items.map((item) => item.message);
export const add = (world: ChatWorld, chat_id: string, message: string, more = {}) =>
  client(world).queue.add({ params: { chat_id }, body: { message, edit_mode: "allow", ...more } });
/** The user's messages in this chat, once all are answered. */
export const asked = (world: ChatWorld, chat_id: string, count: number) =>
  eventually(async () => {
    const chat = await client(world).chat.get({ params: { chat_id } });
    const questions = chat.messages.filter((message) => message.role === "user").map((message) => message.content);
    return questions.length >= count && chat.active_task === null ? questions : undefined;
  });
