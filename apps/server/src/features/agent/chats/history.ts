import { summaryMessage, type HistoryMessage, type HistoryStep, type SteeredText } from "@tesslate/agent";
import type { ChatStore } from "./chats.store.ts";
import type { MessageRow } from "../../../db/schema/agent.ts";
import { promptText } from "./message-content.ts";

const maxMessages = 20;
/** A position after all messages. */
export const endOfChat = 2_147_483_647;

/** Steering messages that the person sent during the run of this answer. */
export const steeredTexts = (message: MessageRow | undefined): SteeredText[] =>
  (message?.message_metadata?.["steered"] ?? []) as SteeredText[];

/** The conversation before a message as the model gets it: the summary if there is one, then at most twenty messages with their attachments. */
export async function historyBefore(
  store: ChatStore,
  chatId: string,
  position: number,
  loadAttachments?: (rows: MessageRow[]) => Promise<Map<string, Partial<HistoryMessage>>>,
): Promise<HistoryMessage[]> {
  const summary = (await store.findChat(chatId))?.summary;
  const until = summary ? await store.findMessage(summary.until_message_id) : undefined;
  const isValid = until !== undefined && until.chat_id === chatId && until.position < position;
  const rows = (await store.listMessagesBefore(chatId, position, maxMessages))
    .toReversed()
    .filter((row) => !isValid || row.position > until.position);
  const steps = await store.listSteps(rows.filter((row) => row.role === "assistant").map((row) => row.id));
  const attached = await loadAttachments?.(rows);
  const messages = rows.map((row) => ({
    role: row.role,
    content: row.role === "user" ? promptText(row) : row.content,
    ...attached?.get(row.id),
    steps: steps.filter((step) => step.message_id === row.id).map((step) => step.step_data as unknown as HistoryStep),
    steered: steeredTexts(row),
  }));
  return isValid && summary ? [summaryMessage(summary.text), ...messages] : messages;
}
