import type { ApprovalDecision } from "@tesslate/agent";
import type { ApprovalResponse, PendingApproval, PendingQuestion } from "@tesslate/contract";
import type { Bus } from "../../../platform/bus.ts";
import type { Queries } from "../../../platform/database.ts";
import { conflict, notFound } from "../../../platform/errors.ts";
import type { ApprovalRow } from "../../../db/schema/agent/runs.ts";
import type { ChatStore } from "../chats/index.ts";
import type { NewApproval, RunsStore } from "./runs.store.ts";

const channel = "approval_answered";

export type Approvals = ReturnType<typeof createApprovals>;
/**
 * Requests of runs to a person. They are rows, and answers are announced on the bus, so that any process may answer.
 * Approvals are answered here; questions and secrets share the waiting and are answered in `questions.ts`.
 */
export function createApprovals({ store, chats, bus, timeoutMs }: { store: RunsStore; chats: ChatStore; bus: Bus; timeoutMs: number }) {
  const waiting = new Map<string, () => void>();
  bus.listen<{ id: string }>(channel, ({ id }) => waiting.get(id)?.());
  bus.onReconnect(() => {
    for (const wake of waiting.values()) wake();
  });

  /** Also for requests of other people, and those whose run no longer waits. */
  const requestNotFound = () => notFound("Approval request");

  const expiryOf = (createdAt: string): string => new Date(Date.parse(createdAt) + timeoutMs).toISOString();

  const self = {
    /** Stores the request and sets the chat's status. Returns when the request expires. */
    open: async (tx: Queries, request: NewApproval): Promise<string> => {
      const createdAt = await store.openApproval(tx, request);
      await chats.setStatus(tx, request.chat_id, "waiting_approval");
      return expiryOf(createdAt);
    },
    /** Waits for the answer, which may exist already. Rejects with the signal's reason. */
    waitForRow: async (id: string, signal: AbortSignal): Promise<ApprovalRow & { response: NonNullable<ApprovalRow["response"]> }> => {
      const deadline = Date.now() + timeoutMs;
      try {
        for (;;) {
          let wake = () => {};
          const woken = new Promise<void>((resolve) => (wake = resolve));
          waiting.set(id, wake);
          const row = await store.findApproval(id);
          if (!row) throw requestNotFound();
          const { response } = row;
          if (response !== null) return { ...row, response };
          signal.throwIfAborted();
          const left = deadline - Date.now();
          if (left <= 0) {
            // An answer at the last moment wins: then this changes nothing, and the next iteration finds it.
            await store.transaction((tx) => store.answerApproval(tx, id, { response: "timeout" }));
            continue;
          }
          const timer = setTimeout(wake, left);
          signal.addEventListener("abort", wake, { once: true });
          await woken;
          clearTimeout(timer);
          signal.removeEventListener("abort", wake);
        }
      } finally {
        waiting.delete(id);
      }
    },
    wait: async (id: string, signal: AbortSignal): Promise<{ decision: ApprovalDecision; note: string | undefined; row: ApprovalRow }> => {
      const row = await self.waitForRow(id, signal);
      return { decision: decisionOf(row.response), note: row.note ?? undefined, row };
    },
    /** The person's open request. Throws 404, also when its run no longer waits, and `already_answered`. */
    requireOpen: async (userId: string, id: string, kinds: readonly ApprovalRow["kind"][], chatId?: string): Promise<ApprovalRow> => {
      const row = await store.findApproval(id);
      if (!row || row.user_id !== userId || !kinds.includes(row.kind) || (chatId !== undefined && row.chat_id !== chatId))
        throw requestNotFound();
      if (row.response === "timeout" || row.response === "cancelled" || row.response === "expired") throw requestNotFound();
      if (row.response !== null) throw alreadyAnswered();
      return row;
    },
    /** Stores the answer in one transaction with `more` and wakes the run. Throws `already_answered`. */
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
    /** Throws 404, also when the run no longer waits, and `already_answered`. */
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
    /** What a chat waits for. */
    pending: async (chatId: string): Promise<{ pending_approval: PendingApproval | null; pending_question: PendingQuestion | null }> => {
      const row = await store.findPendingApproval(chatId);
      if (!row) return { pending_approval: null, pending_question: null };
      const { id, task_id, kind, tool_name, tool_parameters, tool_description, created_at } = row;
      const facts = { task_id, created_at, expires_at: expiryOf(created_at) };
      return kind === "approval"
        ? { pending_approval: { approval_id: id, tool_name, tool_parameters, tool_description, ...facts }, pending_question: null }
        : // The row has the question as in its event.
          { pending_approval: null, pending_question: { ...tool_parameters, ...facts } as PendingQuestion };
    },
    /** The open approval or question. */
    openRequest: async (chatId: string): Promise<PendingApproval | PendingQuestion | null> => {
      const { pending_approval, pending_question } = await self.pending(chatId);
      return pending_approval ?? pending_question;
    },
  };
  return self;
}

const alreadyAnswered = () => conflict("already_answered", "This request has already been answered.");

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
