import type { MessageRow } from "../../../db/schema/agent/chats.ts";
import type { ChatStore } from "./chats.store.ts";

const incompleteMessage = "This answer was not completed.";

/** Ends the message of a run whose process is gone; undefined when it has ended already. */
type FinishMessage = (
  taskId: string,
  messageId: string,
  end: { content: string; metadata: Record<string, unknown>; status: "active" },
) => Promise<MessageRow | undefined>;

/** Ends answers whose run no longer exists, and returns all messages as they then are. */
export type FinishOrphans = (rows: MessageRow[]) => Promise<MessageRow[]>;
export const createFinishOrphans =
  ({ store, finishMessage }: { store: Pick<ChatStore, "listOrphanedRuns">; finishMessage: FinishMessage }): FinishOrphans =>
  async (rows) => {
    const taskOf = (message: MessageRow) => String(message.message_metadata?.["task_id"] ?? "");
    const open = rows.filter((message) => message.message_metadata?.["completion_reason"] === "in_progress");
    if (open.length === 0) return rows;
    const gone = await store.listOrphanedRuns([...new Set(open.map(taskOf))]);
    const finished = new Map<string, MessageRow>();
    for (const message of open.filter((one) => gone.has(taskOf(one)))) {
      const row = await finishMessage(taskOf(message), message.id, {
        content: message.content || incompleteMessage,
        metadata: { completion_reason: "error", error: incompleteMessage },
        status: "active",
      });
      if (row) finished.set(row.id, row);
    }
    return rows.map((message) => finished.get(message.id) ?? message);
  };
