import { and, count, desc, eq, gt, gte, inArray, isNotNull, lt, sql, type SQL } from "drizzle-orm";
import type { Amount } from "../../../platform/amounts.ts";
import type { Database, Queries } from "../../../platform/database.ts";
import { users, type UserRow } from "../../../db/schema/accounts.ts";
import type { Buckets } from "./credits.rules.ts";
import { creditAdjustments, creditReservations, usageLogs, type UsageRow } from "../../../db/schema/billing.ts";

export interface BalanceRow {
  balance: Buckets;
  fraction: Amount;
  tier: "free" | "basic" | "pro" | "ultra";
  signup_bonus_expires_at: string | null;
  credits_reset_at: string | null;
  /** The largest allowance granted in the current period. */
  allowance_given: number;
}
export interface UsageFilter {
  user_id: string;
  from: string;
  to: string;
  model?: string;
  project_id?: string;
  agent_id?: string;
}
export interface UsageSum {
  key: string;
  requests: number;
  tokens_input: number;
  tokens_output: number;
  cost_total: Amount;
  credits_deducted: number;
}

export type UsageAxis = "day" | "project" | "model" | "agent";
/** Key and display name per grouping. */
const axes = {
  day: { key: sql<string>`to_char(${usageLogs.created_at} at time zone 'UTC', 'YYYY-MM-DD')`, name: sql<null>`null` },
  project: {
    key: sql<string | null>`${usageLogs.project_id}::text`,
    name: sql<string | null>`(select p.name from projects p where p.id = ${usageLogs.project_id})`,
  },
  model: { key: sql<string>`${usageLogs.model}`, name: sql<null>`null` },
  agent: {
    key: sql<string | null>`${usageLogs.agent_id}::text`,
    name: sql<string | null>`(select a.name from agents a where a.id = ${usageLogs.agent_id})`,
  },
};

/** Total usage of one model. */
export interface SpentRow {
  model: string;
  is_byok: boolean;
  tokens_in: number;
  tokens_out: number;
  tokens_cached: number;
  cost_total: Amount;
  credits_deducted: number;
}

/** A committed change of balances: of one user, or null for many. */
export interface CreditsChanged {
  user_id: string | null;
}
export const creditsChannel = "credits_changed";
/** Sent when the transaction commits. */
const notify = (q: Queries, user_id: string | null) =>
  q.execute(sql`select pg_notify(${creditsChannel}, ${JSON.stringify({ user_id } satisfies CreditsChanged)})`);

const livingBonus = sql<number>`case when ${users.signup_bonus_expires_at} > now() then ${users.signup_bonus_credits} else 0 end`;

/** Totals of a group of calls. */
const sums = {
  requests: count(),
  tokens_input: sql<number>`sum(${usageLogs.tokens_input})::float8`,
  tokens_output: sql<number>`sum(${usageLogs.tokens_output})::float8`,
  cost_total: sql<Amount>`sum(${usageLogs.cost_total})::text`,
  credits_deducted: sql<number>`sum(${usageLogs.credits_deducted})::float8`,
};

export type CreditsStore = ReturnType<typeof createCreditsStore>;
export function createCreditsStore(db: Database) {
  const balanceQuery = (q: Queries, userId: string) =>
    q
      .select({
        daily: users.daily_credits,
        bundled: users.bundled_credits,
        bonus: livingBonus,
        purchased: users.purchased_credits,
        fraction: users.credit_fraction,
        tier: users.subscription_tier,
        signup_bonus_expires_at: users.signup_bonus_expires_at,
        credits_reset_at: users.credits_reset_at,
        allowance_given: sql<number>`case when ${users.credits_reset_at} > now() then ${users.allowance_given} else 0 end`,
      })
      .from(users)
      .where(eq(users.id, userId));
  const rowOf = (found: Awaited<ReturnType<typeof balanceQuery>>[number] | undefined): BalanceRow | undefined => {
    if (!found) return undefined;
    const { daily, bundled, bonus, purchased, ...rest } = found;
    return { balance: { daily, bundled, bonus, purchased }, ...rest };
  };
  const within = (f: UsageFilter) =>
    and(
      eq(usageLogs.user_id, f.user_id),
      gte(usageLogs.created_at, f.from),
      lt(usageLogs.created_at, f.to),
      f.model === undefined ? undefined : eq(usageLogs.model, f.model),
      f.project_id === undefined ? undefined : eq(usageLogs.project_id, f.project_id),
      f.agent_id === undefined ? undefined : eq(usageLogs.agent_id, f.agent_id),
    );
  const grouped = async (column: typeof usageLogs.model | typeof usageLogs.agent_id, f: UsageFilter): Promise<UsageSum[]> =>
    db
      .select({
        key: sql<string>`${column}`,
        ...sums,
      })
      .from(usageLogs)
      .where(and(within(f), isNotNull(column)))
      .groupBy(column);

  const spentBy = (where: SQL | undefined): Promise<SpentRow[]> =>
    db
      .select({
        model: usageLogs.model,
        is_byok: usageLogs.is_byok,
        tokens_in: sql<number>`sum(${usageLogs.tokens_input})::float8`,
        tokens_out: sql<number>`sum(${usageLogs.tokens_output})::float8`,
        tokens_cached: sql<number>`sum(${usageLogs.tokens_cached})::float8`,
        cost_total: sql<Amount>`sum(${usageLogs.cost_total})::text`,
        credits_deducted: sql<number>`sum(${usageLogs.credits_deducted})::float8`,
      })
      .from(usageLogs)
      .where(where)
      .groupBy(usageLogs.model, usageLogs.is_byok);

  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    find: async (userId: string): Promise<BalanceRow | undefined> => rowOf((await balanceQuery(db, userId))[0]),
    /** Locks the user's credits until the transaction ends. */
    lock: async (tx: Queries, userId: string): Promise<BalanceRow | undefined> =>
      rowOf((await balanceQuery(tx, userId).for("no key update"))[0]),
    save: async (
      tx: Queries,
      userId: string,
      before: Buckets,
      { balance, fraction }: { balance: Buckets; fraction: Amount },
    ): Promise<void> => {
      await tx
        .update(users)
        .set({
          daily_credits: balance.daily,
          bundled_credits: balance.bundled,
          purchased_credits: balance.purchased,
          // An expired bonus reads as 0; the hourly job removes it from the column.
          ...(before.bonus !== balance.bonus && { signup_bonus_credits: balance.bonus }),
          credit_fraction: fraction,
        })
        .where(eq(users.id, userId));
      await notify(tx, userId);
    },

    findAdjustment: async (tx: Queries, userId: string, key: string): Promise<{ amount: number } | undefined> =>
      (
        await tx
          .select({ amount: creditAdjustments.amount })
          .from(creditAdjustments)
          .where(and(eq(creditAdjustments.user_id, userId), eq(creditAdjustments.idempotency_key, key)))
      )[0],
    insertAdjustment: async (tx: Queries, row: typeof creditAdjustments.$inferInsert): Promise<string> => {
      const [inserted] = await tx.insert(creditAdjustments).values(row).returning({ id: creditAdjustments.id });
      if (!inserted) throw new Error("adjustment not stored");
      return inserted.id;
    },
    setPurchased: async (tx: Queries, userId: string, purchased: number): Promise<void> => {
      await tx
        .update(users)
        .set({ purchased_credits: purchased, updated_at: sql`now()` })
        .where(eq(users.id, userId));
      await notify(tx, userId);
    },
    /** `allowanceDays`: days until the next renewal; null: no renewal; undefined: unchanged. */
    setTier: async (
      tx: Queries,
      userId: string,
      values: Partial<
        Pick<
          UserRow,
          "subscription_tier" | "support_tier" | "bundled_credits" | "allowance_given" | "daily_credits" | "daily_credits_reset_at"
        >
      >,
      allowanceDays?: number | null,
    ): Promise<void> => {
      await tx
        .update(users)
        .set({
          ...values,
          ...(allowanceDays !== undefined && {
            credits_reset_at: allowanceDays === null ? null : (sql`now() + make_interval(days => ${allowanceDays})` as never),
          }),
          updated_at: sql`now()`,
        })
        .where(eq(users.id, userId));
      await notify(tx, userId);
    },
    /** Notifies everyone's readers, after a job changed many balances. */
    notifyAll: async (): Promise<void> => void (await notify(db, null)),

    findByRequest: async (tx: Queries, requestId: string): Promise<UsageRow | undefined> =>
      (await tx.select().from(usageLogs).where(eq(usageLogs.request_id, requestId)))[0],
    insertUsage: async (tx: Queries, row: typeof usageLogs.$inferInsert): Promise<UsageRow> => {
      const [inserted] = await tx.insert(usageLogs).values(row).returning();
      if (!inserted) throw new Error("usage not stored");
      return inserted;
    },

    /** Reservations of the user's other runs. */
    reservedElsewhere: async (tx: Queries, userId: string, taskId: string): Promise<Amount> =>
      (
        await tx
          .select({ sum: sql<Amount>`coalesce(sum(${creditReservations.amount}), 0)::text` })
          .from(creditReservations)
          .where(
            and(
              eq(creditReservations.user_id, userId),
              sql`${creditReservations.task_id} <> ${taskId}`,
              gt(creditReservations.expires_at, sql`now()`),
            ),
          )
      )[0]?.sum ?? "0",
    reserve: async (tx: Queries, values: { task_id: string; user_id: string; amount: Amount }, lifetimeMs: number): Promise<void> => {
      const expires_at = sql`now() + make_interval(secs => ${lifetimeMs / 1000})` as never;
      await tx
        .insert(creditReservations)
        .values({ ...values, expires_at })
        .onConflictDoUpdate({ target: creditReservations.task_id, set: { amount: values.amount, expires_at } });
    },
    release: async (taskId: string, q: Queries = db): Promise<void> => {
      await q.delete(creditReservations).where(eq(creditReservations.task_id, taskId));
    },

    /** Usage of these runs, by model and payer. */
    taskUsage: (taskIds: readonly string[]): Promise<SpentRow[]> =>
      taskIds.length === 0 ? Promise.resolve([]) : spentBy(inArray(usageLogs.task_id, [...taskIds])),
    /** Usage with the user's own keys since `since`, by model. */
    ownKeyUsage: (userId: string, since: Date): Promise<SpentRow[]> =>
      spentBy(and(eq(usageLogs.user_id, userId), eq(usageLogs.is_byok, true), gte(usageLogs.created_at, since.toISOString()))),
    spentSince: async (userId: string, since: Date): Promise<Amount> =>
      (
        await db
          .select({ sum: sql<Amount>`coalesce(sum(${usageLogs.cost_total}), 0)::text` })
          .from(usageLogs)
          .where(and(eq(usageLogs.user_id, userId), gte(usageLogs.created_at, since.toISOString())))
      )[0]?.sum ?? "0",
    /** Medians over the last 30 runs; undefined for fewer than three. */
    typicalRun: async (
      userId: string,
    ): Promise<{ calls: number; tokens_in: number; tokens_out: number; tokens_cached: number } | undefined> => {
      const found = await db.execute<{ runs: number; calls: number; tokens_in: number; tokens_out: number; tokens_cached: number }>(sql`
        with runs as (
          select count(*) as calls, sum(tokens_input) as tokens_in, sum(tokens_output) as tokens_out, sum(tokens_cached) as tokens_cached
          from usage_logs where user_id = ${userId} and task_id is not null and created_at > now() - interval '30 days'
          group by task_id order by max(created_at) desc limit 30)
        select count(*)::int as runs,
          coalesce(percentile_disc(0.5) within group (order by calls), 0)::int as calls,
          coalesce(percentile_disc(0.5) within group (order by tokens_in), 0)::int as tokens_in,
          coalesce(percentile_disc(0.5) within group (order by tokens_out), 0)::int as tokens_out,
          coalesce(percentile_disc(0.5) within group (order by tokens_cached), 0)::int as tokens_cached
        from runs`);
      const row = found.rows[0];
      return row && row.runs >= 3 ? row : undefined;
    },

    listUsage: async (f: UsageFilter, page: { limit: number; offset: number }): Promise<{ rows: UsageRow[]; total: number }> => {
      const [rows, total] = await Promise.all([
        db
          .select()
          .from(usageLogs)
          .where(within(f))
          .orderBy(desc(usageLogs.created_at), usageLogs.id)
          .limit(page.limit)
          .offset(page.offset),
        db.$count(usageLogs, within(f)),
      ]);
      return { rows, total };
    },
    usageByModel: (f: UsageFilter): Promise<UsageSum[]> => grouped(usageLogs.model, f),
    usageByAgent: (f: UsageFilter): Promise<UsageSum[]> => grouped(usageLogs.agent_id, f),

    usageBy: async (axis: UsageAxis, f: UsageFilter): Promise<(UsageSum & { key: string | null; name: string | null })[]> => {
      const { key, name } = axes[axis];
      const column = { day: usageLogs.created_at, project: usageLogs.project_id, model: usageLogs.model, agent: usageLogs.agent_id }[axis];
      const rows = await db
        .select({
          key,
          name: axis === "day" || axis === "model" ? sql<null>`null` : name,
          ...sums,
        })
        .from(usageLogs)
        .where(within(f))
        .groupBy(axis === "day" ? key : column)
        .orderBy(axis === "day" ? sql`1` : sql`sum(${usageLogs.cost_total}) desc, 1`)
        .limit(1000);
      return rows as (UsageSum & { key: string | null; name: string | null })[];
    },
    usageAfter: (f: UsageFilter, after: Pick<UsageRow, "id" | "created_at"> | undefined, limit: number): Promise<UsageRow[]> =>
      db
        .select()
        .from(usageLogs)
        .where(and(within(f), after && sql`(${usageLogs.created_at}, ${usageLogs.id}) > (${after.created_at}, ${after.id})`))
        .orderBy(usageLogs.created_at, usageLogs.id)
        .limit(limit),

    /** Renews due allowances, except for unpaid plans. */
    renewDue: async (allowance: Record<BalanceRow["tier"], number>, days: number): Promise<void> => {
      for (const tier of ["basic", "pro", "ultra"] as const)
        await db.execute(sql`
          update users u set bundled_credits = ${allowance[tier]}, allowance_given = ${allowance[tier]}, credits_reset_at = now() + make_interval(days => ${days})
          where u.subscription_tier = ${tier} and u.credits_reset_at <= now() and not exists (
            select 1 from subscriptions s where s.stripe_subscription_id = u.stripe_subscription_id and s.status in ('past_due', 'unpaid'))`);
    },
    /** Sets (not adds) the daily credits of free accounts at 00:00 UTC. */
    resetDaily: async (credits: number): Promise<void> => {
      await db
        .update(users)
        .set({ daily_credits: credits, daily_credits_reset_at: sql`now()` })
        .where(
          sql`${users.subscription_tier} = 'free' and (${users.daily_credits_reset_at} is null or ${users.daily_credits_reset_at} < date_trunc('day', now(), 'UTC'))`,
        );
    },
    endBonuses: async (): Promise<void> => {
      await db
        .update(users)
        .set({ signup_bonus_credits: 0 })
        .where(sql`${users.signup_bonus_credits} > 0 and ${users.signup_bonus_expires_at} <= now()`);
    },
    pruneReservations: async (): Promise<void> => {
      await db.delete(creditReservations).where(lt(creditReservations.expires_at, sql`now()`));
    },
  };
}

/** Usage of a deleted agent stays in the books without naming it. */
export async function detachUsageFromAgent(q: Queries, agentId: string): Promise<void> {
  await q.update(usageLogs).set({ agent_id: null }).where(eq(usageLogs.agent_id, agentId));
}
/** Usage of a deleted user stays in the books without saying whose it was. The agent stays named where its creator earned by it. */
export async function anonymizeUsageOf(q: Queries, userId: string): Promise<void> {
  await q
    .update(usageLogs)
    .set({
      agent_id: sql`case when ${usageLogs.creator_id} is null then null else ${usageLogs.agent_id} end`,
      project_id: null,
      chat_id: null,
      task_id: null,
      request_id: null,
    })
    .where(eq(usageLogs.user_id, userId));
}
