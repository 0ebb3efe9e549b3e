import type { AfterModelCall, ModelCall, PlannedCall } from "@tesslate/agent";
import { amountOf, centsOf, sumOf, unitsOf, type Amount } from "../../../platform/amounts.ts";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Credits, UsagePurpose } from "../../billing/credits/index.ts";
import { chargeOf, costOf, type ModelChain, type Price, type ResolvedModel } from "../models/index.ts";
import { dollars, withinCaps, type RunCaps } from "./cost-caps.ts";
import type { RunVoice } from "./events.ts";

export interface RunLedger {
  /** Before each model call: sets its likely cost aside. */
  plan(call: PlannedCall): Promise<AfterModelCall>;
  /** The same for a call under way that failed before it cost anything, and that this model would make in its place. */
  planTakeOver(model: ResolvedModel, tokens_in: number): Promise<AfterModelCall>;
  /** Once per model call: takes what it cost, then says `credits_used`. */
  record(call: Omit<ModelCall, "purpose"> & { purpose: UsagePurpose }): Promise<AfterModelCall>;
  /** A sub-agent's own model: calls that name it are charged at its price. */
  knows(id: string, model: ResolvedModel): void;
  /** Exact decimals of a cent, so far. */
  totalCents(): string;
  /** Of calls with the person's own key, at list prices; undefined where there were none. */
  ownKeyCents(): number | undefined;
  /** What it all may come to; null where nothing is counted. */
  limitCents(): number | null;
  /** Whole credits taken so far. */
  credits(): number;
  /** Of the tasks that worked on the same message before. */
  earlier: Spent;
  close(): Promise<void>;
}

/** What the tasks of a message took. */
export interface Spent {
  /** Charged, and at list prices with the person's own key. */
  charged: Amount;
  own: Amount;
  tokens_in: number;
  tokens_out: number;
  tokens_cached: number;
  credits: number;
}
type PriceOf = (modelId: string) => Price;

/** What rows of usage come to. */
export function spentOf(rows: Awaited<ReturnType<Credits["taskUsage"]>>, priceOf: PriceOf): Spent {
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((all, row) => all + of(row), 0);
  return {
    charged: sumOf(rows.map((row) => row.cost_total)),
    own: sumOf(rows.filter((row) => row.is_byok).map((row) => costOf(priceOf(row.model), row).total)),
    tokens_in: sum((row) => row.tokens_in),
    tokens_out: sum((row) => row.tokens_out),
    tokens_cached: sum((row) => row.tokens_cached),
    credits: sum((row) => row.credits_deducted),
  };
}

const startOfToday = () => new Date(new Date().setUTCHours(0, 0, 0, 0));
/** What somebody's calls of today (UTC) come to: what was charged, or at list prices what their own keys took. */
export const spentToday = async (
  credits: Pick<Credits, "spentSince" | "ownKeyUsage">,
  priceOf: PriceOf,
  userId: string,
  isOwn: boolean,
  today = startOfToday(),
): Promise<Amount> => (isOwn ? spentOf(await credits.ownKeyUsage(userId, today), priceOf).own : await credits.spentSince(userId, today));

/** Enough for most answers; a longer one is charged what it costs. */
const likelyOutputTokens = 4_000;
const maxFailures = 3;

/** What the run's model calls cost (agent-git-deploy 4.18). */
export function createRunLedger({
  credits,
  voice,
  model: chain,
  run,
  caps,
  earlier,
  counted,
  priceOf,
  log,
}: {
  credits: Credits;
  voice: RunVoice;
  model: Pick<ModelChain, "current">;
  caps: RunCaps;
  /** Took part in the same message; the part of it that counts for the run's cap. */
  earlier: Spent;
  counted: Spent;
  priceOf: PriceOf;
  run: { user_id: string; agent_id: string | null; project_id: string; chat_id: string; task_id: string };
  log: Logger;
}): RunLedger {
  const others = new Map<string, ResolvedModel>();
  const modelOf = (call: { model?: string }): ResolvedModel => others.get(call.model ?? "") ?? chain.current();
  /** Of this task. */
  let total = "0";
  let own = "0";
  let taken = 0;
  let failures = 0;
  let calls = 0;
  let lastCached = 0;
  /** Estimates of calls that are not recorded yet. */
  let underWay: Amount[] = [];
  const today = startOfToday();
  /** For the run's cap, whoever pays. */
  const spent = () => sumOf([total, own, counted.charged, counted.own, ...underWay]);
  /** Of today without what is in `spent`. */
  const spentElsewhere = async (isOwn: boolean): Promise<Amount> => {
    const all = await spentToday(credits, priceOf, run.user_id, isOwn, today);
    const here = unitsOf(sumOf(isOwn ? [own, counted.own] : [total, counted.charged]));
    return amountOf(unitsOf(all) > here ? unitsOf(all) - here : 0n);
  };
  const overCap = (cap: "run" | "day", isOwn: boolean): AfterModelCall => {
    const most = dollars((isOwn ? caps.own : caps.platform)[cap] ?? "0");
    const kept = "What was done so far is kept;";
    const message = isOwn
      ? cap === "run"
        ? `Paused at your cap of ${most} for one run; with your own key list prices are counted. ${kept} you can let it go on.`
        : `Paused at your cap of ${most} a day for your own keys, at list prices. ${kept} it can go on tomorrow (UTC), or with a higher cap.`
      : cap === "run"
        ? `Paused at the cap of ${most} for one run. ${kept} you can let it go on.`
        : `Paused at the cap of ${most} for one day. ${kept} it can go on tomorrow (UTC).`;
    return { ok: false, stop: "resource_limit_exceeded", message };
  };
  /** Of one process's run: an interrupted run is gone on with by a task of its own. */
  const nextRequestId = () => `${run.task_id}:${++calls}`;
  const exhausted: AfterModelCall = {
    ok: false,
    stop: "credits_exhausted",
    message: "Your credits are used up. What was done so far is kept.",
  };

  const setAside = async (model: ResolvedModel, { tokens_in, tokens_cached }: { tokens_in: number; tokens_cached: number }) => {
    const held = model.is_byok ? caps.own : caps.platform;
    const verdict = withinCaps(held, {
      price: model.pricing,
      tokens_in,
      tokens_cached,
      spent: spent(),
      spentElsewhere: held.day === null ? "0" : await spentElsewhere(model.is_byok),
    });
    if (!verdict.ok) return overCap(verdict.cap, model.is_byok);
    const tokens_out = Math.min(likelyOutputTokens, verdict.max_output_tokens ?? likelyOutputTokens);
    const { total: estimate } = costOf(model.pricing, { tokens_in, tokens_out, tokens_cached: 0 });
    try {
      await credits.reserve({ ...run, is_byok: model.is_byok }, estimate);
      underWay.push(estimate);
      return verdict;
    } catch (error) {
      if (error instanceof AppError && error.code === "insufficient_credits") return exhausted;
      throw error;
    }
  };

  return {
    plan: ({ tokens_in, ...call }) => {
      // The run's own calls wait for its sub-agents: whatever they had under way is over.
      if (call.purpose !== "subagent") underWay = [];
      // What the last call read from the cache, this one will too.
      return setAside(modelOf(call), { tokens_in, tokens_cached: call.purpose === "turn" ? Math.min(lastCached, tokens_in) : 0 });
    },
    planTakeOver: (model, tokens_in) => {
      underWay.shift();
      return setAside(model, { tokens_in, tokens_cached: 0 });
    },
    record: async (call) => {
      const model = modelOf(call);
      const charge = chargeOf(model, call);
      total = sumOf([total, charge.cost_total]);
      if (model.is_byok) own = sumOf([own, costOf(model.pricing, call).total]);
      underWay.shift();
      if (call.purpose === "turn") lastCached = call.tokens_cached;
      const usage = {
        ...run,
        creator_id: model.creator_id,
        request_id: nextRequestId(),
        purpose: call.purpose,
        ...charge,
      };
      try {
        const { usage_log_id, credits_deducted, new_balance } = await credits.record(usage);
        failures = 0;
        taken += credits_deducted;
        await voice.say("credits_used", {
          cost_total_cents: centsOf(charge.cost_total),
          credits_deducted,
          new_balance,
          usage_log_id,
          is_byok: model.is_byok,
          tokens_in: call.tokens_in,
          tokens_out: call.tokens_out,
          tokens_cached: call.tokens_cached,
          model: model.model_id,
          purpose: call.purpose,
          context_window: model.context_window,
        });
        return new_balance !== null && new_balance <= 0 ? exhausted : { ok: true };
      } catch (err) {
        failures += 1;
        log.error({ err, ...run, cost: charge.cost_total }, "model call not charged");
        if (failures < maxFailures) return { ok: true };
        return { ok: false, stop: "credit_deduction_failed", message: "What this run costs could not be written down, so it was stopped." };
      }
    },
    knows: (id, model) => void others.set(id, model),
    totalCents: () => sumOf([earlier.charged, total]),
    ownKeyCents: () => (unitsOf(own) + unitsOf(earlier.own) === 0n ? undefined : Number(sumOf([earlier.own, own]))),
    limitCents: () => {
      const { run: most } = chain.current().is_byok ? caps.own : caps.platform;
      if (most === null) return null;
      const before = unitsOf(sumOf([earlier.charged, earlier.own])) - unitsOf(sumOf([counted.charged, counted.own]));
      return Number(most) + Number(amountOf(before));
    },
    credits: () => earlier.credits + taken,
    earlier,
    close: () => credits.release(run.task_id),
  };
}
