import type { QuestionResolved, RunEventData } from "@tesslate/contract";
import type { ApprovalRow } from "../../../db/schema/agent/runs.ts";

/** The event of a closed or answered approval. */
export const approvalResolved = (row: ApprovalRow): RunEventData<"approval_resolved"> => ({
  approval_id: row.id,
  response: row.response ?? "cancelled",
  note: row.note,
  by: isByUser(row) ? row.user_id : null,
  at: row.answered_at ?? new Date().toISOString(),
});

/** The event of an answered or closed question. */
export const questionResolved = (row: ApprovalRow): QuestionResolved => ({
  question_id: row.id,
  outcome:
    row.response === "answered" || row.response === "declined" || row.response === "timeout" || row.response === "expired"
      ? row.response
      : "cancelled",
  choices: row.choices ?? [],
  text: row.note,
  by: isByUser(row) ? row.user_id : null,
  at: row.answered_at ?? new Date().toISOString(),
});

const isByUser = ({ response }: ApprovalRow): boolean =>
  response !== null && response !== "timeout" && response !== "cancelled" && response !== "expired";
