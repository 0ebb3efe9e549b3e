import { and, asc, count, desc, eq, gte, inArray, isNull, lt, or, sql } from "drizzle-orm";
import type { CreatorDashboard, CreatorProfile } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { agents } from "../../../db/schema/agent/agents.ts";
import { usageLogs } from "../../../db/schema/billing.ts";
import { themes, users, type UserRow } from "../../../db/schema/accounts.ts";
import { bases, creatorPayouts, marketplaceTransactions as sales, type PayoutRow, type PayoutState } from "../../../db/schema/store.ts";

const cents = (condition = sql`true`) => sql<number>`coalesce(sum(${sales.amount_creator_cents}) filter (where ${condition}), 0)::float8`;

/** Paid manually and refunded since: deducted from the next payout. Stripe transfers are reversed instead. */
const isOwed = sql`${sales.payout_status} = 'paid' and ${sales.refunded_at} is not null and ${sales.reversed_at} is null and ${sales.stripe_payout_id} is null`;

/** A payout with its creator. */
export interface PaidOut {
  payout: PayoutRow;
  isSuspended: boolean | null;
  creator: Pick<UserRow, "id" | "username" | "name" | "email"> | null;
}
const withCreator = (q: Queries) =>
  q
    .select({
      payout: creatorPayouts,
      isSuspended: users.is_suspended,
      creator: { id: users.id, username: users.username, name: users.name, email: users.email },
    })
    .from(creatorPayouts)
    .leftJoin(users, eq(users.id, creatorPayouts.creator_id));

export type CreatorsStore = ReturnType<typeof createCreatorsStore>;
export function createCreatorsStore(db: Database, { holdDays }: { holdDays: number }) {
  const isSold = isNull(sales.refunded_at);
  const isHeld = sql`${sales.created_at} > now() - make_interval(days => ${holdDays})`;
  const isOwnAgent = (userId: string) => or(eq(agents.created_by_user_id, userId), eq(agents.forked_by_user_id, userId));
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    findUser: async (id: string): Promise<UserRow | undefined> => (await db.select().from(users).where(eq(users.id, id)))[0],
    earnings: async (
      creatorId: string,
      from: string,
      to: string,
    ): Promise<{
      total: number;
      pending: number;
      paid: number;
      by_agent: { agent_id: string | null; requests: number; revenue_cents: number }[];
    }> => {
      const calls = await db
        .select({ agent_id: usageLogs.agent_id, n: count() })
        .from(usageLogs)
        .where(and(eq(usageLogs.creator_id, creatorId), gte(usageLogs.created_at, from), lt(usageLogs.created_at, to)))
        .groupBy(usageLogs.agent_id);
      const sold = await db
        .select({
          agent_id: sales.agent_id,
          // A usage sale covers many calls.
          requests: sql<number>`(count(*) filter (where ${sales.transaction_type} <> 'usage'))::int`,
          revenue_cents: cents(),
          pending: cents(sql`${sales.payout_status} <> 'paid'`),
          paid: cents(sql`${sales.payout_status} = 'paid'`),
        })
        .from(sales)
        .where(and(eq(sales.creator_id, creatorId), isNull(sales.refunded_at), gte(sales.created_at, from), lt(sales.created_at, to)))
        .groupBy(sales.agent_id);
      // Usage worth less than a cent is not a sale yet, so it is counted from the calls.
      const none = { requests: 0, revenue_cents: 0, pending: 0, paid: 0 };
      const rows = Array.from(new Set([...sold, ...calls].map(({ agent_id }) => agent_id)), (agent_id) => {
        const row = sold.find((one) => one.agent_id === agent_id) ?? { agent_id, ...none };
        return { ...row, requests: row.requests + (calls.find((one) => one.agent_id === agent_id)?.n ?? 0) };
      });
      const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((all, row) => all + of(row), 0);
      return { total: sum((r) => r.revenue_cents), pending: sum((r) => r.pending), paid: sum((r) => r.paid), by_agent: rows };
    },
    /** The last twelve months, including empty ones. */
    byMonth: async (creatorId: string): Promise<{ month: string; revenue_cents: number }[]> =>
      (
        await db.execute<{ month: string; revenue_cents: number }>(sql`
          select to_char(m, 'YYYY-MM') as month, coalesce(sum(t.amount_creator_cents), 0)::float8 as revenue_cents
          from generate_series(date_trunc('month', now() at time zone 'UTC') - interval '11 months', date_trunc('month', now() at time zone 'UTC'), interval '1 month') m
          left join marketplace_transactions t on t.creator_id = ${creatorId} and t.refunded_at is null
            and t.created_at >= m at time zone 'UTC' and t.created_at < (m + interval '1 month') at time zone 'UTC'
          group by m order by m`)
      ).rows,
    balance: async (creatorId: string, q: Queries = db): Promise<{ available: number; waiting: number; paid: number }> => {
      const [row] = await q
        .select({
          available: cents(sql`${isSold} and ${sales.payout_status} = 'pending' and not ${isHeld}`),
          waiting: cents(sql`${isSold} and ((${sales.payout_status} = 'pending' and ${isHeld}) or ${sales.payout_status} = 'processing')`),
          paid: cents(sql`${isSold} and ${sales.payout_status} = 'paid'`),
          owed: cents(isOwed),
        })
        .from(sales)
        .where(eq(sales.creator_id, creatorId));
      const { available = 0, waiting = 0, paid = 0, owed = 0 } = row ?? {};
      return { available: Math.max(0, available - owed), waiting, paid };
    },
    items: async (creatorId: string): Promise<CreatorDashboard["items"]> => {
      const revenueOf = (item: "agents" | "bases") =>
        sql<number>`(select coalesce(sum(t.amount_creator_cents), 0)::float8 from marketplace_transactions t where t.creator_id = ${creatorId} and t.agent_id = ${sql.identifier(item)}.id and t.refunded_at is null)`;
      const salesOf = (item: "agents" | "bases") =>
        sql<number>`(select count(*)::int from marketplace_transactions t where t.creator_id = ${creatorId} and t.agent_id = ${sql.identifier(item)}.id and t.refunded_at is null and t.transaction_type <> 'usage')`;
      const [ownAgents, ownBases, ownThemes] = await Promise.all([
        db
          .select({ agent: agents, sales: salesOf("agents"), revenue: revenueOf("agents") })
          .from(agents)
          .where(and(isOwnAgent(creatorId), eq(agents.item_type, "agent")))
          .orderBy(desc(agents.downloads), agents.id)
          .limit(200),
        db
          .select({ base: bases, sales: salesOf("bases"), revenue: revenueOf("bases") })
          .from(bases)
          .where(and(eq(bases.created_by_user_id, creatorId), eq(bases.is_active, true)))
          .orderBy(desc(bases.downloads), bases.id)
          .limit(200),
        db.select().from(themes).where(eq(themes.created_by_user_id, creatorId)).orderBy(desc(themes.downloads), themes.id).limit(200),
      ]);
      return [
        ...ownAgents.map(
          ({
            agent: { id, name, slug, downloads, rating, reviews_count, usage_count, is_published },
            sales: sales_count,
            revenue: revenue_cents,
          }) => ({
            item_type: "agent" as const,
            id,
            name,
            slug,
            downloads,
            rating,
            reviews_count,
            usage_count,
            is_published,
            sales_count,
            revenue_cents,
          }),
        ),
        ...ownBases.map(
          ({ base: { id, name, slug, downloads, rating, reviews_count, visibility }, sales: sales_count, revenue: revenue_cents }) => ({
            item_type: "base" as const,
            id,
            name,
            slug,
            downloads,
            rating,
            reviews_count,
            usage_count: downloads,
            is_published: visibility === "public",
            sales_count,
            revenue_cents,
          }),
        ),
        ...ownThemes.map(({ id, name, downloads, rating, reviews_count, is_published }) => ({
          item_type: "theme" as const,
          id,
          name,
          slug: id,
          downloads,
          rating,
          reviews_count,
          is_published,
          usage_count: 0,
          sales_count: 0,
          revenue_cents: 0,
        })),
      ];
    },
    /** Public totals of what the creator offers. */
    offered: async (creatorId: string): Promise<CreatorProfile["stats"]> => {
      const [row] = (
        await db.execute<CreatorProfile["stats"] & Record<string, unknown>>(sql`
          select count(*)::int as items_count, coalesce(sum(downloads), 0)::float8 as total_downloads, coalesce(sum(reviews_count), 0)::float8 as total_reviews,
            round((sum(rating * reviews_count) / nullif(sum(reviews_count), 0))::numeric, 1)::float8 as average_rating
          from (
            select downloads, rating, reviews_count from agents
              where forked_by_user_id = ${creatorId} and item_type = 'agent' and is_active and is_published
            union all
            select downloads, rating, reviews_count from bases where created_by_user_id = ${creatorId} and is_active and visibility = 'public') offered`)
      ).rows;
      return row ?? { items_count: 0, total_downloads: 0, average_rating: null, total_reviews: 0 };
    },
    /** Published agents, bases and themes with their numbers. */
    stats: async (creatorId: string): Promise<CreatorDashboard["stats"]> => {
      const [[ofAgents], [ofBases], [ofThemes]] = await Promise.all([
        db
          .select({
            published: sql<number>`count(*) filter (where ${agents.is_published} and ${agents.is_active})::int`,
            downloads: sql<number>`coalesce(sum(${agents.downloads}), 0)::float8`,
            usage: sql<number>`coalesce(sum(${agents.usage_count}), 0)::float8`,
            reviews: sql<number>`coalesce(sum(${agents.reviews_count}), 0)::float8`,
            rating: sql<number | null>`(sum(${agents.rating} * ${agents.reviews_count}) / nullif(sum(${agents.reviews_count}), 0))::float8`,
          })
          .from(agents)
          .where(and(isOwnAgent(creatorId), eq(agents.item_type, "agent"))),
        db
          .select({
            published: sql<number>`count(*) filter (where ${bases.visibility} = 'public' and ${bases.is_active})::int`,
            downloads: sql<number>`coalesce(sum(${bases.downloads}), 0)::float8`,
          })
          .from(bases)
          .where(eq(bases.created_by_user_id, creatorId)),
        db
          .select({
            published: sql<number>`count(*) filter (where ${themes.is_published} and ${themes.is_active})::int`,
            downloads: sql<number>`coalesce(sum(${themes.downloads}), 0)::float8`,
          })
          .from(themes)
          .where(eq(themes.created_by_user_id, creatorId)),
      ]);
      return {
        extensions_count: ofAgents?.published ?? 0,
        bases_count: ofBases?.published ?? 0,
        themes_count: ofThemes?.published ?? 0,
        total_downloads: (ofAgents?.downloads ?? 0) + (ofBases?.downloads ?? 0) + (ofThemes?.downloads ?? 0),
        total_usage: ofAgents?.usage ?? 0,
        average_rating: typeof ofAgents?.rating === "number" ? Math.round(ofAgents.rating * 10) / 10 : null,
        total_reviews: ofAgents?.reviews ?? 0,
      };
    },
    listPayouts: (creatorId: string): Promise<PayoutRow[]> =>
      db
        .select()
        .from(creatorPayouts)
        .where(eq(creatorPayouts.creator_id, creatorId))
        .orderBy(desc(creatorPayouts.created_at), creatorPayouts.id)
        .limit(50),

    /** Payouts of all creators, oldest first. */
    listAllPayouts: async (status: PayoutState | undefined, page: { limit: number; offset: number }) => {
      const fits = status === undefined ? undefined : eq(creatorPayouts.status, status);
      const [rows, total] = await Promise.all([
        withCreator(db).where(fits).orderBy(asc(creatorPayouts.created_at), creatorPayouts.id).limit(page.limit).offset(page.offset),
        db.$count(creatorPayouts, fits),
      ]);
      return { rows, total };
    },
    /** Locked until the transaction ends. */
    lockPayout: async (tx: Queries, id: string): Promise<PaidOut | undefined> =>
      (await withCreator(tx).where(eq(creatorPayouts.id, id)).for("update", { of: creatorPayouts }))[0],
    /** Marks a manual payout and its sales as paid. */
    settlePayout: async (tx: Queries, id: string): Promise<PayoutRow | undefined> => {
      await tx
        .update(sales)
        .set({ payout_status: "paid", payout_date: sql`now()` as never })
        .where(and(eq(sales.payout_id, id), eq(sales.payout_status, "processing")));
      return (
        await tx
          .update(creatorPayouts)
          .set({ status: "paid", paid_at: sql`now()` as never })
          .where(eq(creatorPayouts.id, id))
          .returning()
      )[0];
    },

    /** Serializes payouts of one creator until the transaction ends. */
    lockCreator: async (tx: Queries, creatorId: string): Promise<void> => {
      await tx.select({ id: users.id }).from(users).where(eq(users.id, creatorId)).for("no key update");
    },
    findPayout: async (tx: Queries, creatorId: string, key: string): Promise<PayoutRow | undefined> =>
      (
        await tx
          .select()
          .from(creatorPayouts)
          .where(and(eq(creatorPayouts.creator_id, creatorId), eq(creatorPayouts.idempotency_key, key)))
      )[0],
    /** Sales that can be paid out, oldest first, locked until the transaction ends. */
    lockAvailable: (tx: Queries, creatorId: string): Promise<{ id: string; amount_creator_cents: number }[]> =>
      tx
        .select({ id: sales.id, amount_creator_cents: sales.amount_creator_cents })
        .from(sales)
        .where(and(eq(sales.creator_id, creatorId), eq(sales.payout_status, "pending"), isNull(sales.refunded_at), sql`not ${isHeld}`))
        .orderBy(asc(sales.created_at), asc(sales.id))
        .for("update"),
    lockOwed: (tx: Queries, creatorId: string): Promise<{ id: string; amount_creator_cents: number }[]> =>
      tx
        .select({ id: sales.id, amount_creator_cents: sales.amount_creator_cents })
        .from(sales)
        .where(and(eq(sales.creator_id, creatorId), isOwed))
        .orderBy(asc(sales.created_at), asc(sales.id))
        .for("update"),
    /** Creates a payout of these sales, minus the refunded ones in `owed`. */
    insertPayout: async (
      tx: Queries,
      values: typeof creatorPayouts.$inferInsert,
      saleIds: string[],
      owedIds: string[],
    ): Promise<PayoutRow> => {
      const [row] = await tx.insert(creatorPayouts).values(values).returning();
      if (!row) throw new Error("payout not stored");
      await tx.update(sales).set({ payout_status: "processing", payout_id: row.id }).where(inArray(sales.id, saleIds));
      if (owedIds.length > 0)
        await tx
          .update(sales)
          .set({ reversed_at: sql`now()` as never, payout_id: row.id })
          .where(inArray(sales.id, owedIds));
      return row;
    },
  };
}
