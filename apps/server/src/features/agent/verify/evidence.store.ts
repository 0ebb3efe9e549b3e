import { and, asc, eq, sql } from "drizzle-orm";
import type { Evidence } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { asJsonb } from "../../../platform/postgres-text.ts";
import { messages } from "../../../db/schema/agent/chats.ts";
import { evidencePictures, runEvidence, type EvidenceRow } from "../../../db/schema/agent/runs.ts";
import { events, tasks } from "../../../db/schema/core.ts";

/** Screenshots per project; older ones are deleted. */
const maxPictures = 200;
/** Reports per message. */
const maxPerMessage = 12;

export type EvidenceStore = ReturnType<typeof createEvidenceStore>;
export function createEvidenceStore(db: Database) {
  return {
    /** Stores a report with its screenshots, and the report in its message for the history. */
    insert: async (
      tx: Queries,
      row: Omit<EvidenceRow, "created_at">,
      pictures: readonly { id: string; data: Buffer }[],
    ): Promise<EvidenceRow> => {
      const [stored] = await tx.insert(runEvidence).values(row).returning();
      if (!stored) throw new Error("the evidence was not stored");
      if (pictures.length > 0)
        await tx
          .insert(evidencePictures)
          .values(pictures.map(({ id, data }, position) => ({ id, evidence_id: stored.id, position, data: data.toString("base64") })));
      await tx.execute(sql`
        delete from evidence_pictures where id in (
          select p.id from evidence_pictures p join run_evidence e on e.id = p.evidence_id where e.project_id = ${row.project_id}
          order by p.created_at desc, p.position offset ${maxPictures})`);
      await tx
        .update(messages)
        .set({
          message_metadata: sql`coalesce(${messages.message_metadata}, '{}'::jsonb) || jsonb_build_object('evidence', coalesce(${messages.message_metadata}->'evidence', '[]'::jsonb) || ${asJsonb([presentEvidence(stored)])})`,
        })
        .where(
          and(
            eq(messages.id, row.message_id),
            sql`jsonb_array_length(coalesce(${messages.message_metadata}->'evidence', '[]'::jsonb)) < ${maxPerMessage}`,
          ),
        );
      return stored;
    },
    /** Whether the run belongs to the user. */
    isRunOf: async (taskId: string, userId: string): Promise<boolean> => {
      const rows = await db
        .select({ id: tasks.id })
        .from(tasks)
        .where(and(eq(tasks.id, taskId), eq(tasks.user_id, userId), eq(tasks.type, "agent_execution")));
      if (rows.length > 0) return true;
      // Evidence is kept longer than tasks.
      return (
        (
          await db
            .select({ id: runEvidence.id })
            .from(runEvidence)
            .where(and(eq(runEvidence.task_id, taskId), eq(runEvidence.user_id, userId)))
            .limit(1)
        ).length > 0
      );
    },
    list: async (taskId: string, { limit, offset }: { limit: number; offset: number }): Promise<{ rows: EvidenceRow[]; total: number }> => {
      const [rows, total] = await Promise.all([
        db
          .select()
          .from(runEvidence)
          .where(eq(runEvidence.task_id, taskId))
          .orderBy(asc(runEvidence.created_at))
          .limit(limit)
          .offset(offset),
        db.$count(runEvidence, eq(runEvidence.task_id, taskId)),
      ]);
      return { rows, total };
    },
    picture: async (taskId: string, id: string, userId: string): Promise<Buffer | undefined> => {
      const [row] = await db
        .select({ data: evidencePictures.data })
        .from(evidencePictures)
        .innerJoin(runEvidence, eq(runEvidence.id, evidencePictures.evidence_id))
        .where(and(eq(evidencePictures.id, id), eq(runEvidence.task_id, taskId), eq(runEvidence.user_id, userId)));
      return row && Buffer.from(row.data, "base64");
    },
    /** Whether the run changed a file, by a tool or a command. */
    hasChangedFiles: async (taskId: string): Promise<boolean> =>
      (
        await db
          .select({ seq: events.seq })
          .from(events)
          .where(and(eq(events.task_id, taskId), eq(events.type, "file_changed")))
          .limit(1)
      ).length > 0,
  };
}

export const presentEvidence = ({ id, task_id, message_id, verify, checks, created_at }: EvidenceRow): Evidence => ({
  id,
  task_id,
  message_id,
  verify,
  checks,
  created_at,
});
