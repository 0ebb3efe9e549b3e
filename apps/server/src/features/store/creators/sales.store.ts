import { setPayoutAccount } from "../../accounts/users/index.ts";
import { and, eq, isNull, or, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import { users } from "../../../db/schema/accounts.ts";
import { creatorPayouts, marketplaceTransactions as sales, type PayoutRow } from "../../../db/schema/store.ts";

/** Usage of one agent that earned its creator money. */
export type UseRow = {
  creator_id: string;
  agent_id: string | null;
  creator_cents: number;
  platform_cents: number;
  tokens_in: number;
  tokens_out: number;
};
export type SaleRow = typeof sales.$inferSelect;

const isOfPayment = (key: string) => or(eq(sales.stripe_payment_intent, key), eq(sales.stripe_invoice_id, key));

export type SalesStore = ReturnType<typeof createSalesStore>;
/** Sales and the transfers to their creators. */
export function createSalesStore(db: Database) {
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    enqueue: enqueueJob,
    insert: async (tx: Queries, row: typeof sales.$inferInsert): Promise<SaleRow> => {
      const [inserted] = await tx.insert(sales).values(row).returning();
      if (!inserted) throw new Error("sale not stored");
      return inserted;
    },
    lock: async (tx: Queries, id: string): Promise<SaleRow | undefined> =>
      (await tx.select().from(sales).where(eq(sales.id, id)).for("update"))[0],
    lockByPayment: async (tx: Queries, key: string): Promise<SaleRow | undefined> =>
      (await tx.select().from(sales).where(isOfPayment(key)).for("update"))[0],
    update: async (tx: Queries, id: string, values: Partial<typeof sales.$inferInsert>): Promise<void> => {
      await tx.update(sales).set(values).where(eq(sales.id, id));
    },
    /** The payout that contains a sale, if any. */
    payoutOf: async (tx: Queries, key: string): Promise<string | null> =>
      (await tx.select({ id: sales.payout_id }).from(sales).where(isOfPayment(key)))[0]?.id ?? null,
    accountOf: async (
      userId: string,
      q: Queries = db,
    ): Promise<{ id: string; email: string; account_id: string | null; is_suspended: boolean } | undefined> =>
      (
        await q
          .select({
            id: users.id,
            email: users.email,
            account_id: users.creator_stripe_account_id,
            is_suspended: users.is_suspended,
          })
          .from(users)
          .where(eq(users.id, userId))
      )[0],
    /** Stores the account id unless one is stored; resolves with the stored one. */
    setAccount: (userId: string, accountId: string): Promise<string> => setPayoutAccount(db, userId, accountId),
    /**
     * Usage earnings of creators that are not sales yet, in whole cents; fractions of a cent stay until they add up. Serialized until the
     * transaction ends.
     */
    unsettledUse: async (tx: Queries): Promise<UseRow[]> => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('settle use of agents', 0))`);
      const { rows } = await tx.execute<UseRow>(sql`
        with used as (
          select l.creator_id, l.agent_id, floor(sum(l.creator_revenue)) as creator, floor(sum(l.platform_revenue)) as platform,
            sum(l.tokens_input) as tokens_in, sum(l.tokens_output) as tokens_out
          from usage_logs l join users u on u.id = l.creator_id and not u.is_system
          where l.creator_id is not null group by l.creator_id, l.agent_id),
        settled as (
          select creator_id, agent_id, sum(amount_creator_cents) as creator, sum(amount_platform_cents) as platform,
            sum(tokens_input) as tokens_in, sum(tokens_output) as tokens_out
          from marketplace_transactions where transaction_type = 'usage' group by creator_id, agent_id)
        select u.creator_id, u.agent_id, (u.creator - coalesce(s.creator, 0))::float8 as creator_cents,
          (u.platform - coalesce(s.platform, 0))::float8 as platform_cents,
          (u.tokens_in - coalesce(s.tokens_in, 0))::float8 as tokens_in, (u.tokens_out - coalesce(s.tokens_out, 0))::float8 as tokens_out
        from used u left join settled s on s.creator_id = u.creator_id and s.agent_id is not distinct from u.agent_id
        where u.creator > coalesce(s.creator, 0)`);
      return rows;
    },
    /** Payouts in transit: sent or being sent, not confirmed. */
    unfinished: (limit: number): Promise<{ id: string }[]> =>
      db
        .select({ id: sales.id })
        .from(sales)
        .where(
          and(eq(sales.payout_status, "processing"), isNull(sales.payout_id), sql`${sales.created_at} < now() - interval '10 minutes'`),
        )
        .limit(limit),
    unfinishedPayouts: (limit: number): Promise<{ id: string }[]> =>
      db
        .select({ id: creatorPayouts.id })
        .from(creatorPayouts)
        .where(and(eq(creatorPayouts.status, "processing"), sql`${creatorPayouts.created_at} < now() - interval '10 minutes'`))
        .limit(limit),
    /** Marks a sale that was paid out and then refunded. */
    toTakeBack: (limit: number): Promise<{ id: string }[]> =>
      db
        .select({ id: sales.id })
        .from(sales)
        .where(
          sql`${sales.refunded_at} is not null and ${sales.payout_status} = 'paid' and ${sales.reversed_at} is null and ${sales.stripe_payout_id} is not null`,
        )
        .limit(limit),
    lockPayout: async (tx: Queries, id: string): Promise<PayoutRow | undefined> =>
      (await tx.select().from(creatorPayouts).where(eq(creatorPayouts.id, id)).for("update"))[0],
    finishPayout: async (tx: Queries, id: string, transferId: string): Promise<PayoutRow | undefined> => {
      const done = sql`now()` as never;
      await tx
        .update(sales)
        .set({ payout_status: "paid", payout_date: done, stripe_payout_id: transferId })
        .where(and(eq(sales.payout_id, id), eq(sales.payout_status, "processing")));
      return (
        await tx
          .update(creatorPayouts)
          .set({ status: "paid", paid_at: done, stripe_transfer_id: transferId })
          .where(eq(creatorPayouts.id, id))
          .returning()
      )[0];
    },
    /** Removes a sale that was refunded before its payout was sent. */
    reducePayout: async (tx: Queries, id: string, cents: number): Promise<void> => {
      await tx
        .update(creatorPayouts)
        .set({
          amount_cents: sql`${creatorPayouts.amount_cents} - ${cents}`,
          transactions_count: sql`${creatorPayouts.transactions_count} - 1`,
        })
        .where(eq(creatorPayouts.id, id));
    },
    /** Cancels a payout: its sales can be paid out again, its deductions are still owed. */
    failPayout: async (tx: Queries, id: string): Promise<void> => {
      await tx
        .update(sales)
        .set({ reversed_at: null, payout_id: null })
        .where(and(eq(sales.payout_id, id), eq(sales.payout_status, "paid")));
      await tx
        .update(sales)
        .set({ payout_status: sql`case when ${sales.refunded_at} is null then 'pending' else 'failed' end` as never, payout_id: null })
        .where(eq(sales.payout_id, id));
      await tx.update(creatorPayouts).set({ status: "failed" }).where(eq(creatorPayouts.id, id));
    },
  };
}

/** Sales of a deleted agent stay in the books without naming it. */
export async function detachSalesFromAgent(q: Queries, agentId: string): Promise<void> {
  await q.update(sales).set({ agent_id: null }).where(eq(sales.agent_id, agentId));
}
