import { index, integer, jsonb, pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import type { ChecksReport, VerifyReport } from "@tesslate/contract";
import { createdAt, id } from "../../../platform/columns.ts";
import { messages } from "../chat/chat.table.ts";
import { projects } from "../../projects/projects/projects.table.ts";
import { users } from "../../accounts/users/users.table.ts";

/** Proof that stands with a turn; goes with its message. */
export const runEvidence = pgTable(
  "run_evidence",
  {
    id: id(),
    task_id: uuid().notNull(),
    message_id: uuid()
      .notNull()
      .references(() => messages.id, { onDelete: "cascade" }),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    verify: jsonb().$type<VerifyReport>(),
    checks: jsonb().$type<ChecksReport>(),
    created_at: createdAt(),
  },
  (t) => [index("run_evidence_task_id_idx").on(t.task_id), index("run_evidence_message_id_idx").on(t.message_id)],
);
export type EvidenceRow = typeof runEvidence.$inferSelect;

/** Screenshots. The oldest of a project go first. */
export const evidencePictures = pgTable(
  "evidence_pictures",
  {
    id: id(),
    evidence_id: uuid()
      .notNull()
      .references(() => runEvidence.id, { onDelete: "cascade" }),
    position: integer().notNull(),
    /** JPEG, base64: bytes in the tables are sealed ones. */
    data: text().notNull(),
    created_at: createdAt(),
  },
  (t) => [uniqueIndex("evidence_pictures_evidence_id_position_key").on(t.evidence_id, t.position)],
);
