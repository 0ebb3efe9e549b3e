import type { CreatorDashboard, Payout } from "@tesslate/contract";
import { AppError, badRequest, invalid, notFound } from "../../../platform/errors.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { CreatorsStore } from "./creators.store.ts";
import type { PayoutRow } from "../../../db/schema/store.ts";
import type { Sales } from "./sales.ts";

export type Creators = ReturnType<typeof createCreators>;

/** Earnings of creators and their payouts. */
export function createCreators({
  store,
  limits,
  payouts,
  sales,
  revenueShare,
}: {
  store: CreatorsStore;
  limits: RateLimiter;
  /** How payouts are made: not at all, manually by the operator, or through Stripe. */
  payouts: { mode: "off" | "manual" | "stripe"; minimumCents: number; holdDays: number };
  sales: Pick<Sales, "connect" | "requireAccount" | "accountOf" | "sendPayout">;
  /** The creator's share of a sale, 0 to 1. */
  revenueShare: number;
}) {
  return {
    /** For the creator's public page. */
    offered: store.offered,
    dashboard: async (userId: string, query: { start_date?: string; end_date?: string }): Promise<CreatorDashboard> => {
      const now = new Date();
      const from = new Date(query.start_date ?? Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
      const to = new Date(query.end_date ?? now.getTime() + 1);
      if (from >= to) throw invalid(["query", "end_date"], "Must be later than start_date");
      const period = { period_start: from.toISOString(), period_end: to.toISOString() };
      const [user, stats, earned, by_month, balance, history, items, account_id] = await Promise.all([
        store.findUser(userId),
        store.stats(userId),
        store.earnings(userId, period.period_start, period.period_end),
        store.byMonth(userId),
        store.balance(userId),
        store.listPayouts(userId),
        store.items(userId),
        sales.accountOf(userId),
      ]);
      if (!user) throw notFound("User");
      return {
        creator: { id: user.id, name: user.name, username: user.username, avatar_url: user.avatar_url, joined_at: user.created_at },
        stats,
        earnings: {
          total_revenue_cents: earned.total,
          pending_revenue_cents: earned.pending,
          paid_revenue_cents: earned.paid,
          total_requests: earned.by_agent.reduce((all, row) => all + row.requests, 0),
          by_agent: Object.fromEntries(
            earned.by_agent.flatMap(({ agent_id, requests, revenue_cents }) =>
              agent_id === null ? [] : [[agent_id, { requests, revenue_cents }]],
            ),
          ),
          by_month,
          ...period,
        },
        payouts: {
          is_configured: payouts.mode !== "off",
          connected: account_id !== null,
          account_id,
          available_cents: balance.available,
          pending_cents: balance.waiting,
          paid_cents: balance.paid,
          minimum_cents: payouts.minimumCents,
          hold_days: payouts.holdDays,
          history: history.map(presentPayout),
        },
        items,
        revenue_share: revenueShare,
      };
    },
    /**
     * Creates a payout of whole sales, oldest first, up to `amount`, minus manual payouts for sales refunded since. It stays `pending` until it is sent. The same `key` returns the
     * same payout, and concurrent requests never pay a sale twice.
     * With Stripe it is sent at once. Throws `payments_not_configured`, `payout_onboarding_required`, `payout_exceeds_available`,
     * `payout_below_minimum`, `stripe_error`: then nothing was sent and the request can be repeated, or a job completes the payout.
     */
    payout: async (userId: string, { amount, key }: { amount: number | undefined; key: string | undefined }): Promise<Payout> => {
      await limits.count({ key: `payout:${userId}`, max: 10, windowSeconds: 60 });
      if (payouts.mode === "off")
        throw new AppError("payments_not_configured", "Payouts are disabled on this server. Your earnings are kept.");
      if (payouts.mode === "stripe") await sales.requireAccount(userId);
      const isSent = payouts.mode === "stripe";
      const made = await store.transaction(async (tx) => {
        await store.lockCreator(tx, userId);
        const known = key === undefined ? undefined : await store.findPayout(tx, userId, key);
        if (known) return { row: known, isNew: false };
        const sales = await store.lockAvailable(tx, userId);
        const owing = await store.lockOwed(tx, userId);
        const owed = sumOf(owing);
        const available = Math.max(0, sumOf(sales) - owed);
        const facts = { available_cents: available, minimum_cents: payouts.minimumCents };
        if (available < payouts.minimumCents || (amount !== undefined && amount < payouts.minimumCents))
          throw badRequest(
            `The minimum payout is ${payouts.minimumCents} cents, but only ${available} cents are available.`,
            "payout_below_minimum",
            facts,
          );
        if (amount !== undefined && amount > available)
          throw badRequest(`Only ${available} cents are available.`, "payout_exceeds_available", facts);
        let sum = -owed;
        const chosen = sales.filter(({ amount_creator_cents }) => {
          if (sum + amount_creator_cents > (amount ?? available)) return false;
          sum += amount_creator_cents;
          return true;
        });
        if (sum < payouts.minimumCents)
          throw badRequest(
            "Sales are paid out whole, and no sale fits in this amount. Request a higher amount.",
            "payout_below_minimum",
            facts,
          );
        const row = await store.insertPayout(
          tx,
          {
            creator_id: userId,
            amount_cents: sum,
            transactions_count: chosen.length,
            idempotency_key: key ?? null,
            status: isSent ? "processing" : "pending",
          },
          chosen.map((sale) => sale.id),
          owing.map((sale) => sale.id),
        );
        return { row, isNew: true };
      });
      if (!isSent || made.row.status !== "processing") return presentPayout(made.row);
      return presentPayout((await sales.sendPayout(made.row.id, !made.isNew)) ?? made.row);
    },
    /** Throws `payments_not_configured`, `stripe_error`. */
    connect: async (userId: string): Promise<{ onboarding_url: string }> => {
      await limits.count({ key: `payout:${userId}`, max: 10, windowSeconds: 60 });
      return { onboarding_url: await sales.connect(userId) };
    },
  };
}

const sumOf = (sales: readonly { amount_creator_cents: number }[]): number =>
  sales.reduce((sum, sale) => sum + sale.amount_creator_cents, 0);
export const presentPayout = ({ id, amount_cents, status, transactions_count, created_at, paid_at }: PayoutRow): Payout => ({
  id,
  amount_cents,
  status,
  transactions_count,
  created_at,
  paid_at,
});
