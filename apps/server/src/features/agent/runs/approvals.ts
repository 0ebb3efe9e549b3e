import type { ApprovalDecision } from "@tesslate/agent";
import type { ApprovalResponse } from "@tesslate/contract";
import type { Bus } from "../../../platform/bus.ts";
import type { Queries } from "../../../platform/database.ts";
import { conflict, notFound } from "../../../platform/errors.ts";
import type { ApprovalRow } from "../../../db/schema/agent.ts";
import type { ChatStore } from "../chats/index.ts";
import type { NewApproval, RunsStore } from "./runs.store.ts";

const channel = "approval_answered";

export type Approvals = ReturnType<typeof createApprovals>;
/**
 * What runs ask of a person, and the answers (agent-git-deploy 4.11): rows are the truth, the bus is the bell, so any process may answer.
 * Leave for gated calls is answered here; questions and secrets share the waiting and are answered in `chat.questions.ts`.
 */
export function createApprovals({ store, chats, bus, timeoutMs }: { store: RunsStore; chats: ChatStore; bus: Bus; timeoutMs: number }) {
  const waiting = new Map<string, () => void>();
  bus.listen<{ id: string }>(channel, ({ id }) => waiting.get(id)?.());
  bus.onReconnect(() => {
    for (const look of waiting.values()) look();
  });

  /** The same answer for an unknown request, somebody else's, and one that nobody waits for any more. */
  const gone = () => notFound("Approval request");

  const self = {
    /** Asks: after this the question is in the database, and the chat is known to wait. */
    open: async (tx: Queries, request: NewApproval): Promise<void> => {
      await store.openApproval(tx, request);
      await chats.setStatus(tx, request.chat_id, "waiting_approval");
    },
    /** Waits for the answer, which may be there already. Throws the signal's reason when nobody waits any more. */
    waitForRow: async (id: string, signal: AbortSignal): Promise<ApprovalRow & { response: NonNullable<ApprovalRow["response"]> }> => {
      const deadline = Date.now() + timeoutMs;
      try {
        for (;;) {
          let ring = () => {};
          const rung = new Promise<void>((resolve) => (ring = resolve));
          waiting.set(id, ring);
          const row = await store.findApproval(id);
          if (!row) throw gone();
          const { response } = row;
          if (response !== null) return { ...row, response };
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
    wait: async (id: string, signal: AbortSignal): Promise<{ decision: ApprovalDecision; note: string | undefined; row: ApprovalRow }> => {
      const row = await self.waitForRow(id, signal);
      return { decision: decisionOf(row.response), note: row.note ?? undefined, row };
    },
    /** What still waits for this person. Throws 404, also for what nobody waits for any more, and `already_answered`. */
    requireOpen: async (userId: string, id: string, kinds: readonly ApprovalRow["kind"][], chatId?: string): Promise<ApprovalRow> => {
      const row = await store.findApproval(id);
      if (!row || row.user_id !== userId || !kinds.includes(row.kind) || (chatId !== undefined && row.chat_id !== chatId)) throw gone();
      if (row.response === "timeout" || row.response === "cancelled" || row.response === "expired") throw gone();
      if (row.response !== null) throw alreadyAnswered();
      return row;
    },
    /** Keeps the answer with what `more` does, both or neither, and tells whoever waits. Throws `already_answered`. */
    settle: async (
      id: string,
      answer: { response: NonNullable<ApprovalRow["response"]>; note?: string | null; choices?: string[] },
      more?: (tx: Queries) => Promise<void>,
    ): Promise<void> => {
      await store.transaction(async (tx) => {
        if (!(await store.answerApproval(tx, id, answer))) throw alreadyAnswered();
        await more?.(tx);
      });
      await bus.notify(channel, { id });
    },
    /** The person's answer. Throws 404, also for one whose run no longer waits, and `already_answered`. */
    answer: async (
      userId: string,
      id: string,
      response: ApprovalResponse,
      note: string | null | undefined,
      chatId?: string,
    ): Promise<void> => {
      const row = await self.requireOpen(userId, id, ["approval"], chatId);
      await self.settle(id, { response, note: note ?? null }, async (tx) => {
        if (response === "allow_all") await chats.allowTool(tx, row.chat_id, row.tool_name);
      });
    },
    /** Shown after a reload. */
    pendingOf: async (
      chatId: string,
    ): Promise<{ pending_approval: Record<string, unknown> | null; pending_question: Record<string, unknown> | null }> => {
      const row = await store.findPendingApproval(chatId);
      if (!row) return { pending_approval: null, pending_question: null };
      const { id, task_id, kind, tool_name, tool_parameters, tool_description, created_at } = row;
      const facts = { task_id, created_at, expires_at: new Date(Date.parse(created_at) + timeoutMs).toISOString() };
      return kind === "approval"
        ? { pending_approval: { approval_id: id, tool_name, tool_parameters, tool_description, ...facts }, pending_question: null }
        : { pending_approval: null, pending_question: { ...tool_parameters, ...facts } };
    },
    /** Whichever of them is open. */
    openOf: async (chatId: string): Promise<Record<string, unknown> | null> => {
      const { pending_approval, pending_question } = await self.pendingOf(chatId);
      return pending_approval ?? pending_question;
    },
  };
  return self;
}

const alreadyAnswered = () => conflict("already_answered", "This was answered already.");

function decisionOf(response: NonNullable<ApprovalRow["response"]>): ApprovalDecision {
  switch (response) {
    case "allow_once":
    case "allow_all":
    case "deny":
    case "stop":
    case "timeout":
      return response;
    default:
      return "stop";
  }
}
