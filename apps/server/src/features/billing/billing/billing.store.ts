import { and, asc, count, desc, eq, inArray, isNotNull, lt, lte, sql } from "drizzle-orm";
import type { Database, Queries } from "../../../platform/database.ts";
import { enqueueJob } from "../../../platform/jobs.ts";
import { ledgerEntries } from "../credits/index.ts";
import { users, type UserRow } from "../../../db/schema/accounts.ts";
import {
  checkouts,
  payments,
  refunds,
  stripeEvents,
  stripeRefusals,
  subscriptions,
  type PaymentRow,
  type PurchaseKind,
  type SubscriptionRow,
} from "../../../db/schema/billing.ts";

export type CheckoutRow = typeof checkouts.$inferSelect;
export type Buyer = Pick<
  UserRow,
  | "id"
  | "email"
  | "name"
  | "subscription_tier"
  | "stripe_customer_id"
  | "stripe_subscription_id"
  | "purchased_deploy_slots"
  | "support_tier"
>;
export type Order = Pick<CheckoutRow, "kind" | "subject" | "amount_cents">;

/** Cumulative cents of a payment that were refunded, disputed, and won back in disputes. */
export interface RefundTotals {
  refunded: number;
  disputed: number;
  won: number;
}

/** Subscriptions in these states are paid, or payment is being retried. */
export const activeStates = ["active", "trialing", "past_due", "unpaid"];

export type BillingStore = ReturnType<typeof createBillingStore>;
export function createBillingStore(db: Database) {
  const buyerColumns = {
    id: users.id,
    email: users.email,
    name: users.name,
    subscription_tier: users.subscription_tier,
    stripe_customer_id: users.stripe_customer_id,
    stripe_subscription_id: users.stripe_subscription_id,
    purchased_deploy_slots: users.purchased_deploy_slots,
    support_tier: users.support_tier,
  };
  return {
    transaction: <T>(work: (tx: Queries) => Promise<T>): Promise<T> => db.transaction(work),
    enqueue: enqueueJob,

    findBuyer: async (id: string, q: Queries = db): Promise<Buyer | undefined> =>
      (await q.select(buyerColumns).from(users).where(eq(users.id, id)))[0],
    /** Locks the user's row until the transaction ends: all changes to one user's money are serialized. */
    lockBuyer: async (tx: Queries, id: string): Promise<Buyer | undefined> =>
      (await tx.select(buyerColumns).from(users).where(eq(users.id, id)).for("no key update"))[0],
    /** Replaces `former`; the first writer wins. Resolves with the stored customer id. */
    setCustomer: async (id: string, customerId: string, former: string | null): Promise<string> => {
      await db.execute(
        sql`update users set stripe_customer_id = ${customerId} where id = ${id} and stripe_customer_id is not distinct from ${former}`,
      );
      return (await db.select({ customer: users.stripe_customer_id }).from(users).where(eq(users.id, id)))[0]?.customer ?? customerId;
    },
    setSubscription: async (tx: Queries, id: string, subscriptionId: string | null): Promise<void> => {
      await tx.update(users).set({ stripe_subscription_id: subscriptionId }).where(eq(users.id, id));
    },
    /** Adds to the user's total spend and deploy slots; neither falls below zero. */
    addSpend: async (tx: Queries, id: string, cents: number, slots = 0): Promise<void> => {
      await tx
        .update(users)
        .set({
          total_spend_cents: sql`greatest(0, ${users.total_spend_cents} + ${cents})`,
          purchased_deploy_slots: sql`greatest(0, ${users.purchased_deploy_slots} + ${slots})`,
        })
        .where(eq(users.id, id));
    },

    /** False when this event was processed already. Waits for a concurrent transaction that processes it. */
    recordEvent: async (tx: Queries, id: string, type: string): Promise<boolean> =>
      (await tx.insert(stripeEvents).values({ id, type }).onConflictDoNothing().returning({ id: stripeEvents.id })).length > 0,
    unknownEvents: async (ids: string[]): Promise<Set<string>> => {
      if (ids.length === 0) return new Set();
      const known = await db.select({ id: stripeEvents.id }).from(stripeEvents).where(inArray(stripeEvents.id, ids));
      const missing = new Set(ids);
      for (const { id } of known) missing.delete(id);
      return missing;
    },
    /** How many idempotency keys derived from `key` Stripe has rejected. */
    rejectionsOf: async (key: string): Promise<number> =>
      (await db.select({ count: stripeRefusals.count }).from(stripeRefusals).where(eq(stripeRefusals.key, key)))[0]?.count ?? 0,
    /** Concurrent rejections under one key count once. */
    recordRejection: async (key: string, count: number): Promise<void> => {
      await db
        .insert(stripeRefusals)
        .values({ key, count })
        .onConflictDoUpdate({
          target: stripeRefusals.key,
          set: { count: sql`greatest(${stripeRefusals.count}, ${count})`, refused_at: sql`now()` },
        });
    },
    pruneRejections: async (days: number): Promise<void> => {
      await db.delete(stripeRefusals).where(lt(stripeRefusals.refused_at, sql`now() - make_interval(days => ${days})`));
    },
    pruneEvents: async (days: number): Promise<void> => {
      await db.delete(stripeEvents).where(lt(stripeEvents.received_at, sql`now() - make_interval(days => ${days})`));
    },

    /** The user's open checkout for this order, created if there is none; one that expires soon or has another price is replaced. */
    findOrCreateCheckout: async (userId: string, order: Order, lifetimeMs: number): Promise<CheckoutRow> =>
      db.transaction(async (tx) => {
        await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for("no key update");
        const isOpen = and(
          eq(checkouts.user_id, userId),
          eq(checkouts.kind, order.kind),
          eq(checkouts.subject, order.subject),
          eq(checkouts.status, "open"),
        );
        await tx
          .update(checkouts)
          .set({ status: "expired" })
          .where(
            and(
              isOpen,
              sql`(${checkouts.expires_at} <= now() + interval '35 minutes' or ${checkouts.amount_cents} is distinct from ${order.amount_cents})`,
            ),
          );
        const [known] = await tx.select().from(checkouts).where(isOpen);
        if (known) return known;
        const expires_at = sql`now() + make_interval(secs => ${lifetimeMs / 1000})` as never;
        const [row] = await tx
          .insert(checkouts)
          .values({ ...order, user_id: userId, expires_at })
          .returning();
        if (!row) throw new Error("checkout not stored");
        return row;
      }),
    setSession: async (id: string, session: { session_id: string; url: string; expires_at: string }): Promise<void> => {
      await db.update(checkouts).set(session).where(eq(checkouts.id, id));
    },
    /** False when this session was fulfilled already. */
    claimSession: async (
      tx: Queries,
      session: {
        session_id: string;
        user_id: string;
        kind: PurchaseKind;
        subject: string;
        amount_cents: number;
        status: "fulfilled" | "refused";
      },
    ): Promise<boolean> => {
      const done = { status: session.status, fulfilled_at: sql`now()` as never };
      return (
        (
          await tx
            .insert(checkouts)
            .values({ ...session, ...done, expires_at: sql`now()` as never })
            .onConflictDoUpdate({ target: checkouts.session_id, set: done, setWhere: sql`${checkouts.status} in ('open', 'expired')` })
            .returning({ id: checkouts.id })
        ).length > 0
      );
    },
    findSession: async (sessionId: string): Promise<CheckoutRow | undefined> =>
      (await db.select().from(checkouts).where(eq(checkouts.session_id, sessionId)))[0],
    /** Open checkout sessions older than `olderThanSeconds`, oldest first. */
    listPendingSessions: (olderThanSeconds: number, limit: number): Promise<{ id: string; session_id: string | null }[]> =>
      db
        .select({ id: checkouts.id, session_id: checkouts.session_id })
        .from(checkouts)
        .where(
          and(
            eq(checkouts.status, "open"),
            isNotNull(checkouts.session_id),
            lt(checkouts.created_at, sql`now() - make_interval(secs => ${olderThanSeconds})`),
          ),
        )
        .orderBy(asc(checkouts.created_at))
        .limit(limit),
    /** Marks an open checkout as expired. */
    expireSession: async (id: string): Promise<void> => {
      await db
        .update(checkouts)
        .set({ status: "expired" })
        .where(and(eq(checkouts.id, id), eq(checkouts.status, "open")));
    },
    expireLostCheckouts: async (): Promise<void> => {
      await db
        .update(checkouts)
        .set({ status: "expired" })
        .where(and(eq(checkouts.status, "open"), lt(checkouts.expires_at, sql`now() - interval '1 day'`)));
    },

    /** Serializes everything about one payment, stored or not. Take it before any user's row. */
    lockPayment: async (tx: Queries, key: string): Promise<void> => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`payment:${key}`}, 0))`);
    },
    findPayment: async (key: string, q: Queries = db): Promise<PaymentRow | undefined> =>
      (await q.select().from(payments).where(eq(payments.key, key)))[0],
    /** Undefined when this payment is already booked. */
    insertPayment: async (tx: Queries, row: typeof payments.$inferInsert): Promise<PaymentRow | undefined> =>
      (await tx.insert(payments).values(row).onConflictDoNothing().returning())[0],
    setRefunded: async (tx: Queries, id: string, cents: number): Promise<void> => {
      await tx.update(payments).set({ refunded_cents: cents }).where(eq(payments.id, id));
    },
    findOwnPayment: async (userId: string, id: string): Promise<PaymentRow | undefined> =>
      (
        await db
          .select()
          .from(payments)
          .where(and(eq(payments.id, id), eq(payments.user_id, userId)))
      )[0],
    /** Payments of the last 90 days whose fee is not known, oldest first. */
    listPaymentsWithoutFee: (limit: number): Promise<Pick<PaymentRow, "id" | "key" | "stripe_subscription_id">[]> =>
      db
        .select({ id: payments.id, key: payments.key, stripe_subscription_id: payments.stripe_subscription_id })
        .from(payments)
        .where(and(sql`${payments.fee_cents} is null`, sql`${payments.created_at} > now() - interval '90 days'`))
        .orderBy(payments.created_at)
        .limit(limit),
    setFee: async (id: string, cents: number): Promise<void> => {
      await db.update(payments).set({ fee_cents: cents }).where(eq(payments.id, id));
    },
    listPayments: async (userId: string, page: { limit: number; offset: number }): Promise<{ rows: PaymentRow[]; total: number }> => {
      const isOwn = eq(payments.user_id, userId);
      const [rows, total] = await Promise.all([
        db.select().from(payments).where(isOwn).orderBy(desc(payments.created_at), payments.id).limit(page.limit).offset(page.offset),
        db.$count(payments, isOwn),
      ]);
      return { rows, total };
    },
    /** Keeps the larger figures. */
    noteRefund: async (tx: Queries, key: string, { refunded, disputed, won }: RefundTotals): Promise<void> => {
      await tx
        .insert(refunds)
        .values({ key, refunded_cents: refunded, disputed_cents: disputed, won_cents: won })
        .onConflictDoUpdate({
          target: refunds.key,
          set: {
            refunded_cents: sql`greatest(${refunds.refunded_cents}, ${refunded})`,
            disputed_cents: sql`greatest(${refunds.disputed_cents}, ${disputed})`,
            won_cents: sql`greatest(${refunds.won_cents}, ${won})`,
            updated_at: sql`now()`,
          },
        });
    },
    refundOf: async (tx: Queries, key: string): Promise<RefundTotals> =>
      (
        await tx
          .select({ refunded: refunds.refunded_cents, disputed: refunds.disputed_cents, won: refunds.won_cents })
          .from(refunds)
          .where(eq(refunds.key, key))
      )[0] ?? { refunded: 0, disputed: 0, won: 0 },
    /** Credits withdrawn because of refunds of this payment, minus those given back. */
    creditsTaken: async (tx: Queries, userId: string, key: string): Promise<number> =>
      (
        await tx
          .select({ taken: sql<number>`coalesce(sum(${ledgerEntries.amount_cents}), 0)::float8` })
          .from(ledgerEntries)
          .where(
            and(
              eq(ledgerEntries.user_id, userId),
              eq(ledgerEntries.account, "credits"),
              sql`starts_with(${ledgerEntries.posting}, ${`refund:${key}:`})`,
            ),
          )
      )[0]?.taken ?? 0,

    /** Orders fetches from Stripe across processes. */
    nextFetchNumber: async (): Promise<number> =>
      Number((await db.execute<{ n: string }>(sql`select nextval('billing_questions') as n`)).rows[0]?.n),
    findSubscription: async (subscriptionId: string, q: Queries = db): Promise<SubscriptionRow | undefined> =>
      (await q.select().from(subscriptions).where(eq(subscriptions.stripe_subscription_id, subscriptionId)))[0],
    /** Undefined when the result of a later fetch is already stored. */
    upsertSubscription: async (tx: Queries, row: Omit<typeof subscriptions.$inferInsert, "id">): Promise<SubscriptionRow | undefined> =>
      (
        await tx
          .insert(subscriptions)
          .values(row)
          .onConflictDoUpdate({
            target: subscriptions.stripe_subscription_id,
            set: { ...row, updated_at: sql`now()` },
            setWhere: sql`${subscriptions.asked} < excluded.asked`,
          })
          .returning()
      )[0],
    /** The user's active plans, newest first. */
    activePlans: (tx: Queries, userId: string): Promise<SubscriptionRow[]> =>
      tx
        .select()
        .from(subscriptions)
        .where(and(eq(subscriptions.user_id, userId), eq(subscriptions.kind, "subscription"), inArray(subscriptions.status, activeStates)))
        .orderBy(desc(subscriptions.created_at), desc(subscriptions.stripe_subscription_id)),
    /** The user's active monthly subscriptions of an item. */
    activeOfItem: (tx: Queries, userId: string, itemId: string): Promise<SubscriptionRow[]> =>
      tx
        .select()
        .from(subscriptions)
        .where(and(eq(subscriptions.user_id, userId), eq(subscriptions.item_id, itemId), inArray(subscriptions.status, activeStates))),
    findOwnSubscription: async (userId: string, id: string): Promise<SubscriptionRow | undefined> =>
      (
        await db
          .select()
          .from(subscriptions)
          .where(and(eq(subscriptions.id, id), eq(subscriptions.user_id, userId), eq(subscriptions.kind, "agent")))
      )[0],
    listAgentSubscriptions: async (
      userId: string,
      page: { limit: number; offset: number },
    ): Promise<{ rows: SubscriptionRow[]; total: number }> => {
      const isOwn = and(eq(subscriptions.user_id, userId), eq(subscriptions.kind, "agent"));
      const [rows, [total]] = await Promise.all([
        db
          .select()
          .from(subscriptions)
          .where(isOwn)
          .orderBy(desc(subscriptions.created_at), subscriptions.id)
          .limit(page.limit)
          .offset(page.offset),
        db.select({ n: count() }).from(subscriptions).where(isOwn),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    /** Active subscriptions of closed or deleted accounts that are not set to end. */
    subscriptionsOfClosedAccounts: (limit: number): Promise<{ id: string; isDeleted: boolean }[]> =>
      db
        .select({ id: subscriptions.stripe_subscription_id, isDeleted: sql<boolean>`${users.id} is null` })
        .from(subscriptions)
        .leftJoin(users, eq(users.id, subscriptions.user_id))
        .where(
          and(
            inArray(subscriptions.status, activeStates),
            sql`(${users.id} is null or (${users.is_deleted} and not ${subscriptions.cancel_at_period_end}))`,
          ),
        )
        .limit(limit),
    /** Active subscriptions of deleted agents and bases. */
    subscriptionsOfDeletedItems: (limit: number): Promise<{ id: string }[]> =>
      db
        .select({ id: subscriptions.stripe_subscription_id })
        .from(subscriptions)
        .where(
          and(
            inArray(subscriptions.status, activeStates),
            isNotNull(subscriptions.item_id),
            sql`not exists (select 1 from agents a where a.id = ${subscriptions.item_id})`,
            sql`not exists (select 1 from bases b where b.id = ${subscriptions.item_id})`,
          ),
        )
        .limit(limit),
    /** For subscriptions of deleted users. */
    markEnded: async (subscriptionId: string): Promise<void> => {
      await db.update(subscriptions).set({ status: "canceled" }).where(eq(subscriptions.stripe_subscription_id, subscriptionId));
    },
    /** Active subscriptions whose period ended more than an hour ago without an update since, least recently updated first. */
    overdueSubscriptions: (limit: number): Promise<{ stripe_subscription_id: string }[]> =>
      db
        .select({ stripe_subscription_id: subscriptions.stripe_subscription_id })
        .from(subscriptions)
        .where(
          and(
            inArray(subscriptions.status, activeStates),
            lte(subscriptions.current_period_end, sql`now() - interval '1 hour'`),
            lt(subscriptions.updated_at, sql`now() - interval '1 hour'`),
          ),
        )
        .orderBy(asc(subscriptions.updated_at))
        .limit(limit),
  };
}
