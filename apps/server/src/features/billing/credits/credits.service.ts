import type { CreditBalance, List, UsageEntry, UsageGroup, UsageSummary } from "@tesslate/contract";
import { amountOf, cent, centsOf, sumOf, unitsOf, type Amount } from "../../../platform/amounts.ts";
import type { Queries } from "../../../platform/database.ts";
import { AppError, badRequest, conflict, invalid, limitReached, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { allowanceDays, maxPurchased, spend, creditsTotal, type CreditTerms } from "./credits.rules.ts";
import { post } from "./ledger.ts";
import type { BalanceRow, CreditsStore, SpentRow, UsageAxis, UsageFilter, UsageSum } from "./credits.store.ts";
import type { UsagePurpose, UsageRow } from "../../../db/schema/billing.ts";

/** One model call, priced. */
export interface PricedCall {
  /** Unique per call: recording it twice charges once. */
  request_id: string;
  user_id: string;
  agent_id: string | null;
  /** The creator of an agent that charges per use. */
  creator_id?: string | null;
  project_id: string | null;
  chat_id: string | null;
  task_id: string | null;
  model: string;
  purpose: UsagePurpose;
  tokens_input: number;
  tokens_output: number;
  tokens_cached: number;
  cost_input: Amount;
  cost_output: Amount;
  cost_total: Amount;
  is_byok: boolean;
}
export interface Charged {
  usage_log_id: string;
  credits_deducted: number;
  /** Credits left; null when the call is not charged. */
  new_balance: number | null;
}

/** Longer than any single model call. */
const reservationMs = 30 * 60_000;
const maxTries = 3;

/**
 * Credit balances. Credits change only here, under the lock of the user's row and together with the row that records the reason.
 */
export type Credits = ReturnType<typeof createCredits>;
export function createCredits({
  store,
  isBilled,
  terms: { allowance, support, dailyCredits, lowPercent, creatorSharePercent },
}: {
  store: CreditsStore;
  isBilled: boolean;
  terms: CreditTerms;
}) {
  /** `used`: what the plan gave in this period and is spent, of what it gives; of a free account in a day. */
  const exhausted = (found: BalanceRow | undefined) => {
    const limit = found === undefined || found.tier === "free" ? dailyCredits : allowance[found.tier];
    const left = found === undefined ? 0 : found.tier === "free" ? found.balance.daily : found.balance.bundled;
    return limitReached("insufficient_credits", "You have no credits left. Buy credits, or use a model with your own API key.", {
      used: Math.max(0, limit - left),
      limit,
      unit: "credits",
      balance: found ? creditsTotal(found.balance) : 0,
    });
  };

  /** Shares of the paid part of a cost (forgiven credits earn nothing), exact; payouts are in whole cents. */
  const shareOf = (cost: Amount, shortfall: number): { creator_revenue: Amount; platform_revenue: Amount } => {
    const due = unitsOf(cost) - BigInt(shortfall) * cent;
    const paid = due > 0n ? due : 0n;
    const creator = (paid * BigInt(creatorSharePercent)) / 100n;
    return { creator_revenue: amountOf(creator), platform_revenue: amountOf(paid - creator) };
  };

  /** Retries on database errors; `work` must be safe to repeat. */
  const retried = async <T>(work: () => Promise<T>): Promise<T> => {
    for (let attempt = 1; ; attempt++)
      try {
        return await work();
      } catch (error) {
        if (attempt >= maxTries || error instanceof AppError) throw error;
      }
  };

  const record = (usage: PricedCall): Promise<Charged> =>
    store.transaction(async (tx): Promise<Charged> => {
      const isCharged = isBilled && !usage.is_byok;
      if (!isCharged) {
        const known = await store.findByRequest(tx, usage.request_id);
        const row = known ?? (await store.insertUsage(tx, { ...usage, creator_id: null, billed_status: "exempt" }));
        return { usage_log_id: row.id, credits_deducted: 0, new_balance: null };
      }
      const before = await store.lock(tx, usage.user_id);
      if (!before) throw notFound("User");
      const known = await store.findByRequest(tx, usage.request_id);
      if (known) return { usage_log_id: known.id, credits_deducted: known.credits_deducted, new_balance: creditsTotal(before.balance) };
      const after = spend(before.balance, before.fraction, usage.cost_total);
      await store.save(tx, usage.user_id, before.balance, after);
      if (usage.task_id !== null) await store.release(usage.task_id, tx);
      const row = await store.insertUsage(tx, {
        ...usage,
        ...(usage.creator_id && shareOf(usage.cost_total, after.shortfall)),
        credits_deducted: after.taken,
        shortfall_credits: after.shortfall,
        billed_status: after.taken === 0 && after.shortfall > 0 ? "pending" : "credited",
      });
      const purchased = before.balance.purchased - after.balance.purchased;
      await post(tx, `usage:${row.id}`, [
        { account: "credits", user_id: usage.user_id, amount_cents: purchased },
        { account: "revenue", amount_cents: -purchased },
      ]);
      return { usage_log_id: row.id, credits_deducted: after.taken, new_balance: creditsTotal(after.balance) };
    });

  const changeTier = async (tx: Queries, userId: string, tier: BalanceRow["tier"]): Promise<void> => {
    const found = await store.lock(tx, userId);
    if (!found) throw notFound("User");
    await store.setTier(
      tx,
      userId,
      {
        subscription_tier: tier,
        support_tier: support[tier],
        bundled_credits: allowance[tier],
        allowance_given: allowance[tier],
        ...(tier === "free" ? { daily_credits: dailyCredits, daily_credits_reset_at: new Date().toISOString() } : { daily_credits: 0 }),
      },
      tier === "free" ? null : allowanceDays,
    );
  };

  return {
    /** Throws `insufficient_credits` when the balance is empty. */
    require: async (userId: string, { is_byok }: { is_byok: boolean }): Promise<void> => {
      if (!isBilled || is_byok) return;
      const found = await store.find(userId);
      if (!found || creditsTotal(found.balance) <= 0) throw exhausted(found);
    },
    /**
     * Reserves the estimated cost of the run's next call, so that concurrent runs cannot spend the same credits. A call that may cost more than is left
     * is allowed as long as anything is left. Throws `insufficient_credits`.
     */
    reserve: async (run: { user_id: string; task_id: string; is_byok: boolean }, estimate: Amount): Promise<void> => {
      if (!isBilled || run.is_byok) return;
      const reserve = async (tx: Queries) => {
        const found = await store.lock(tx, run.user_id);
        if (!found) throw exhausted(found);
        const taken = unitsOf(await store.reservedElsewhere(tx, run.user_id, run.task_id)) + unitsOf(found.fraction);
        const left = BigInt(creditsTotal(found.balance)) * cent - taken;
        if (left <= 0n) throw exhausted(found);
        const wanted = unitsOf(estimate);
        await store.reserve(tx, { ...run, amount: amountOf(wanted < left ? wanted : left) }, reservationMs);
      };
      await retried(() => store.transaction(reserve));
    },
    /** Stores the call and deducts its cost. */
    record: (usage: PricedCall): Promise<Charged> => retried(() => record(usage)),
    /** The cost of a user's calls since `since`, in exact decimals of a cent. */
    spentSince: (userId: string, since: Date): Promise<Amount> => store.spentSince(userId, since),
    /** Usage of runs, and of a user's own keys, by model. */
    taskUsage: (taskIds: readonly string[]): Promise<SpentRow[]> => store.taskUsage(taskIds),
    ownKeyUsage: (userId: string, since: Date): Promise<SpentRow[]> => store.ownKeyUsage(userId, since),
    /** Medians over the user's recent runs; undefined when there are too few. */
    typicalRun: (userId: string) => store.typicalRun(userId),
    /** Releases a run's reservation when it ends. */
    release: (taskId: string): Promise<void> => (isBilled ? store.release(taskId) : Promise.resolve()),

    /**
     * Adds or removes purchased credits, in the caller's transaction and under the lock of the user's row. A key that was used before for this user
     * changes nothing (`isRepeat`). Throws 404, `credits_below_zero`, and `conflict` when the key was used for another amount.
     */
    adjust: async (
      tx: Queries,
      {
        user_id,
        amount,
        reason,
        made_by_id,
        key,
      }: { user_id: string; amount: number; reason: string; made_by_id: string; key: string | undefined },
    ): Promise<{ before: number; after: number; isRepeat: boolean }> => {
      const found = await store.lock(tx, user_id);
      if (!found) throw notFound("User");
      const before = found.balance.purchased;
      const known = key === undefined ? undefined : await store.findAdjustment(tx, user_id, key);
      if (known && known.amount !== amount)
        throw conflict("conflict", "This idempotency key was already used for another amount. Use a new key.");
      if (known) return { before, after: before, isRepeat: true };
      const after = before + amount;
      if (after < 0)
        throw badRequest(`Only ${before} purchased credits can be removed.`, "credits_below_zero", { purchased_credits: before });
      if (after > maxPurchased) throw invalid(["body", "credits_adjustment"], `The balance must not exceed ${maxPurchased} credits`);
      await store.setPurchased(tx, user_id, after);
      const adjustmentId = await store.insertAdjustment(tx, {
        user_id,
        amount,
        balance_before: before,
        reason,
        made_by_id,
        idempotency_key: key ?? null,
      });
      await post(tx, `adjustment:${adjustmentId}`, [
        { account: "goodwill", amount_cents: amount },
        { account: "credits", user_id, amount_cents: -amount },
      ]);
      return { before, after, isRepeat: false };
    },
    /** Sets the user's tier and its allowance. Runs in the caller's transaction. */
    changeTier,
    /**
     * Upgrades or downgrades an existing plan. A larger allowance is granted at once, but only once per period; a downgrade keeps the remaining credits
     * until the next renewal. Runs in the caller's transaction.
     */
    moveTier: async (tx: Queries, userId: string, tier: Exclude<BalanceRow["tier"], "free">): Promise<void> => {
      const found = await store.lock(tx, userId);
      if (!found) throw notFound("User");
      const isRaised = allowance[tier] > allowance[found.tier] && allowance[tier] > found.allowance_given;
      await (isRaised ? changeTier(tx, userId, tier) : store.setTier(tx, userId, { subscription_tier: tier, support_tier: support[tier] }));
    },
    /** Renews the allowance for 30 days; free accounts have none. Runs in the caller's transaction. */
    renewAllowance: async (tx: Queries, userId: string): Promise<void> => {
      const found = await store.lock(tx, userId);
      if (!found || found.tier === "free") return;
      const given = allowance[found.tier];
      await store.setTier(tx, userId, { bundled_credits: given, allowance_given: given }, allowanceDays);
    },
    /**
     * Adds bought credits, in the caller's transaction and ledger posting; locks the user's row. Throws 404.
     */
    addPurchased: async (tx: Queries, userId: string, amount: number): Promise<void> => {
      const found = await store.lock(tx, userId);
      if (!found) throw notFound("User");
      await store.setPurchased(tx, userId, found.balance.purchased + amount);
    },
    /** Removes refunded credits, at most the balance. Resolves with the number removed. Runs in the caller's transaction. */
    takePurchased: async (tx: Queries, userId: string, amount: number): Promise<number> => {
      const found = await store.lock(tx, userId);
      const taken = Math.min(found?.balance.purchased ?? 0, amount);
      if (found && taken > 0) await store.setPurchased(tx, userId, found.balance.purchased - taken);
      return taken;
    },
    /** Locks the user's row until the transaction ends; undefined when the user does not exist. */
    lock: (tx: Queries, userId: string): Promise<BalanceRow | undefined> => store.lock(tx, userId),

    balance: async (userId: string): Promise<CreditBalance> => {
      const found = await store.find(userId);
      if (!found) throw notFound("User");
      const { balance, tier } = found;
      const total = creditsTotal(balance);
      const monthly_allowance = allowance[tier];
      const given = tier === "free" ? dailyCredits * allowanceDays : monthly_allowance;
      const threshold = Math.floor((given * lowPercent) / 100);
      return {
        daily_credits: balance.daily,
        bundled_credits: balance.bundled,
        signup_bonus_credits: balance.bonus,
        purchased_credits: balance.purchased,
        total_credits: total,
        monthly_allowance,
        credits_reset_date: found.credits_reset_at,
        signup_bonus_expires_at: found.signup_bonus_expires_at,
        tier,
        threshold,
        is_low: total > 0 && total <= threshold,
        is_empty: total <= 0,
        is_billed: isBilled,
      };
    },
    usage: async (userId: string, query: PageQuery & UsageWindow): Promise<List<UsageEntry> & { summary: UsageSummary }> => {
      const filter = filterOf(userId, query);
      const page = pageOf(query);
      const [{ rows, total }, byModel, byAgent] = await Promise.all([
        store.listUsage(filter, page),
        store.usageByModel(filter),
        store.usageByAgent(filter),
      ]);
      const sum = (of: (group: UsageSum) => number) => byModel.reduce((all, group) => all + of(group), 0);
      return {
        ...page.envelope(rows.map(presentUsage), total),
        summary: {
          total_cost_cents: centsOf(sumOf(byModel.map((group) => group.cost_total))),
          credits_deducted: sum((group) => group.credits_deducted),
          total_tokens_input: sum((group) => group.tokens_input),
          total_tokens_output: sum((group) => group.tokens_output),
          total_requests: sum((group) => group.requests),
          by_model: recordOf(byModel),
          by_agent: recordOf(byAgent),
          period_start: filter.from,
          period_end: filter.to,
        },
      };
    },

    /** Totals of the window: by day in order, otherwise by descending cost. */
    usageGroups: async (
      userId: string,
      { by, ...query }: UsageWindow & { by: UsageAxis },
    ): Promise<{ items: UsageGroup[]; period_start: string; period_end: string }> => {
      const filter = filterOf(userId, query);
      const groups = await store.usageBy(by, filter);
      return {
        items: groups.map(({ cost_total, ...group }) => ({ ...group, cost_total_cents: centsOf(cost_total) })),
        period_start: filter.from,
        period_end: filter.to,
      };
    },
    /** All calls of the window, oldest first, page by page. */
    usagePages: (userId: string, query: UsageWindow): AsyncIterable<UsageEntry[]> => {
      const filter = filterOf(userId, query);
      return (async function* () {
        for (let after: UsageRow | undefined; ;) {
          const rows = await store.usageAfter(filter, after, 1000);
          if (rows.length === 0) return;
          yield rows.map(presentUsage);
          after = rows.at(-1);
        }
      })();
    },

    jobHandlers: {
      refresh_credits: async () => {
        await store.endBonuses();
        await store.renewDue(allowance, allowanceDays);
        await store.resetDaily(dailyCredits);
        await store.notifyAll();
        await store.pruneReservations();
      },
    },
  };
}

export interface UsageWindow {
  start_date?: string;
  end_date?: string;
  model?: string;
  project_id?: string;
  agent_id?: string;
}
/** Default: the current UTC month until now. Throws 422 for an empty window. */
function filterOf(userId: string, query: UsageWindow): UsageFilter {
  const now = new Date();
  const from = new Date(query.start_date ?? Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  const to = new Date(query.end_date ?? now.getTime() + 1);
  if (from >= to) throw invalid(["query", "end_date"], "Must be later than start_date");
  const { model, project_id, agent_id } = query;
  return {
    user_id: userId,
    from: from.toISOString(),
    to: to.toISOString(),
    ...(model !== undefined && { model }),
    ...(project_id !== undefined && { project_id }),
    ...(agent_id !== undefined && { agent_id }),
  };
}

const recordOf = (groups: UsageSum[]): UsageSummary["by_model"] =>
  Object.fromEntries(
    groups.map(({ key, requests, tokens_input, tokens_output, cost_total }) => [
      key,
      { requests, tokens_input, tokens_output, cost_total_cents: centsOf(cost_total) },
    ]),
  );
const presentUsage = (row: UsageRow): UsageEntry => ({
  id: row.id,
  model: row.model,
  purpose: row.purpose,
  tokens_input: row.tokens_input,
  tokens_output: row.tokens_output,
  cost_total_cents: centsOf(row.cost_total),
  credits_deducted: row.credits_deducted,
  agent_id: row.agent_id,
  project_id: row.project_id,
  chat_id: row.chat_id,
  billed_status: row.billed_status,
  is_byok: row.is_byok,
  created_at: row.created_at,
});
