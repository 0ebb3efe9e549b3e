import { summaryMessage, type HistoryMessage, type HistoryStep, type SteeredText } from "@tesslate/agent";
import type { ChatStore } from "./chats.store.ts";
import type { MessageRow } from "../../../db/schema/agent.ts";

const maxMessages = 20;

/** What a person said while this answer was made. */
export const steeredOf = (message: MessageRow | undefined): SteeredText[] =>
  (message?.message_metadata?.["steered"] ?? []) as SteeredText[];

/** The chat before a message, as the agent hears it again (4.4): behind the summary where there is one, the newest twenty messages with what was attached to them. */
export async function historyBefore(
  store: ChatStore,
  chatId: string,
  position: number,
  attachedTo?: (rows: MessageRow[]) => Promise<Map<string, Partial<HistoryMessage>>>,
): Promise<HistoryMessage[]> {
  const summary = (await store.findChat(chatId))?.summary;
  const until = summary ? await store.findMessage(summary.until_message_id) : undefined;
  const isValid = until !== undefined && until.chat_id === chatId && until.position < position;
  const rows = (await store.listMessagesBefore(chatId, position, maxMessages))
    .toReversed()
    .filter((row) => !isValid || row.position > until.position);
  const steps = await store.listSteps(rows.filter((row) => row.role === "assistant").map((row) => row.id));
  const attached = await attachedTo?.(rows);
  const told = rows.map((row) => ({
    role: row.role,
    content: row.content,
    ...attached?.get(row.id),
    steps: steps.filter((step) => step.message_id === row.id).map((step) => step.step_data as unknown as HistoryStep),
    steered: steeredOf(row),
  }));
  return isValid && summary ? [summaryMessage(summary.text), ...told] : told;
}
