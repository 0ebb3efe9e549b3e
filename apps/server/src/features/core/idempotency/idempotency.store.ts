import { and, eq, sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";
import { liveProcesses } from "../../../platform/presence.ts";
import { idempotencyKeys } from "../../../db/schema/core.ts";

export interface IdempotencyClaim {
  id: string;
  user_id: string;
  key_hash: string;
  request_hash: string;
  process_id: number;
}
const isOver = sql`${idempotencyKeys.created_at} < now() - interval '24 hours'`;

export type IdempotencyStore = ReturnType<typeof createIdempotencyStore>;
export function createIdempotencyStore(db: Database) {
  return {
    /** True for exactly one of several concurrent claims of a key, and again after the earlier claim expired. */
    claim: async (claim: IdempotencyClaim): Promise<boolean> => {
      const { id, request_hash, process_id } = claim;
      const rows = await db
        .insert(idempotencyKeys)
        .values(claim)
        .onConflictDoUpdate({
          target: [idempotencyKeys.user_id, idempotencyKeys.key_hash],
          set: { id, request_hash, process_id, encrypted_answer: null, created_at: sql`now()` },
          setWhere: isOver,
        })
        .returning({ id: idempotencyKeys.id });
      return rows.length > 0;
    },
    find: async (userId: string, keyHash: string) =>
      (
        await db
          .select({
            id: idempotencyKeys.id,
            request_hash: idempotencyKeys.request_hash,
            process_id: idempotencyKeys.process_id,
            encrypted_answer: idempotencyKeys.encrypted_answer,
            is_process_living: sql<boolean>`${idempotencyKeys.process_id} in ${liveProcesses}`,
          })
          .from(idempotencyKeys)
          .where(and(eq(idempotencyKeys.user_id, userId), eq(idempotencyKeys.key_hash, keyHash)))
      )[0],
    answer: async (id: string, encrypted_answer: Buffer): Promise<void> => {
      await db.update(idempotencyKeys).set({ encrypted_answer }).where(eq(idempotencyKeys.id, id));
    },
    release: async (id: string): Promise<void> => {
      await db.delete(idempotencyKeys).where(eq(idempotencyKeys.id, id));
    },
    prune: async (): Promise<void> => {
      await db.delete(idempotencyKeys).where(isOver);
    },
  };
}
