import type { ApprovalDecision } from "@tesslate/agent";
import type { ApprovalResponse } from "@tesslate/contract";
import type { Bus } from "../../platform/bus.ts";
import type { Queries } from "../../platform/database.ts";
import { conflict, notFound } from "../../platform/errors.ts";
import type { ApprovalRow } from "./chat.table.ts";
import type { ChatStore } from "./chat.store.ts";
import type { NewApproval, RunsStore } from "./runs.store.ts";

const channel = "approval_answered";

export type Approvals = ReturnType<typeof createApprovals>;
/** Questions to the person and their answers (agent-git-deploy 4.11): rows are the truth, the bus is the bell, so any process may answer. */
export function createApprovals({ store, chats, bus, timeoutMs }: { store: RunsStore; chats: ChatStore; bus: Bus; timeoutMs: number }) {
  const waiting = new Map<string, () => void>();
  bus.listen<{ id: string }>(channel, ({ id }) => waiting.get(id)?.());
  bus.onReconnect(() => {
    for (const look of waiting.values()) look();
  });

  /** The same answer for an unknown request, somebody else's, and one that nobody waits for any more. */
  const gone = () => notFound("Approval request");

  return {
    /** Asks: after this the question is in the database, and the chat is known to wait. */
    open: async (tx: Queries, request: NewApproval): Promise<void> => {
      await store.openApproval(tx, request);
      await chats.setStatus(tx, request.chat_id, "waiting_approval");
    },
    /** Waits for the answer, which may be there already. Throws the signal's reason when nobody waits any more. */
    wait: async (id: string, signal: AbortSignal): Promise<{ decision: ApprovalDecision; note: string | undefined; row: ApprovalRow }> => {
      const deadline = Date.now() + timeoutMs;
      try {
        for (;;) {
          let ring = () => {};
          const rung = new Promise<void>((resolve) => (ring = resolve));
          waiting.set(id, ring);
          const row = await store.findApproval(id);
          if (!row) throw gone();
          const decision = decisionOf(row);
          if (decision) return { decision, note: row.note ?? undefined, row };
          signal.throwIfAborted();
          const left = deadline - Date.now();
          if (left <= 0) {
            // An answer that comes in at the last moment wins: then this changes nothing and the next look finds it.
            await store.transaction((tx) => store.answerApproval(tx, id, { response: "timeout" }));
            continue;
          }
          const timer = setTimeout(ring, left);
          signal.addEventListener("abort", ring, { once: true });
          await rung;
          clearTimeout(timer);
          signal.removeEventListener("abort", ring);
        }
      } finally {
        waiting.delete(id);
      }
    },
    /** The person's answer. Throws 404, also for one whose run no longer waits, and `already_answered`. */
    answer: async (
      userId: string,
      id: string,
      response: ApprovalResponse,
      note: string | null | undefined,
      chatId?: string,
    ): Promise<void> => {
      const row = await store.findApproval(id);
      if (!row || row.user_id !== userId || (chatId !== undefined && row.chat_id !== chatId)) throw gone();
      if (row.response === "timeout" || row.response === "cancelled" || row.response === "expired") throw gone();
      const answered =
        row.response === null &&
        (await store.transaction(async (tx) => {
          const done = await store.answerApproval(tx, id, { response, note: note ?? null });
          if (done && response === "allow_all") await chats.allowTool(tx, row.chat_id, row.tool_name);
          return done;
        }));
      if (!answered) throw conflict("already_answered", "This was answered already.");
      await bus.notify(channel, { id });
    },
    /** Shown after a reload. */
    pendingOf: async (chatId: string): Promise<Record<string, unknown> | null> => {
      const row = await store.findPendingApproval(chatId);
      return row
        ? {
            approval_id: row.id,
            task_id: row.task_id,
            tool_name: row.tool_name,
            tool_parameters: row.tool_parameters,
            tool_description: row.tool_description,
            created_at: row.created_at,
            expires_at: new Date(Date.parse(row.created_at) + timeoutMs).toISOString(),
          }
        : null;
    },
  };
}

const decisionOf = (row: ApprovalRow): ApprovalDecision | undefined =>
  row.response === null ? undefined : row.response === "cancelled" || row.response === "expired" ? "stop" : row.response;
