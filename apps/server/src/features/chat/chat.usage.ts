import type { AfterModelCall, ModelCall, PlannedCall } from "@tesslate/agent";
import { amountOf, roundedCents, sumOf, unitsOf, type Amount } from "../../platform/amounts.ts";
import { AppError } from "../../platform/errors.ts";
import type { Logger } from "../../platform/logger.ts";
import type { Credits, UsagePurpose } from "../credits/index.ts";
import { costOf, type ModelChain, type ResolvedModel } from "../models/index.ts";
import { dollars, withinCaps, type CostCaps } from "./chat.caps.ts";
import type { RunVoice } from "./chat.events.ts";

export interface RunLedger {
  /** Before each model call: sets its likely cost aside. */
  plan(call: PlannedCall): Promise<AfterModelCall>;
  /** Once per model call: takes what it cost, then says `credits_used`. */
  record(call: Omit<ModelCall, "purpose"> & { purpose: UsagePurpose }): Promise<AfterModelCall>;
  /** A sub-agent's own model: calls that name it are charged at its price. */
  knows(id: string, model: ResolvedModel): void;
  /** Exact decimals of a cent, so far. */
  totalCents(): string;
  /** The run's cap; null where nothing is counted. */
  limitCents(): number | null;
  /** Whole credits taken so far. */
  credits(): number;
  close(): Promise<void>;
}

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
  log,
}: {
  credits: Credits;
  voice: RunVoice;
  model: Pick<ModelChain, "current">;
  caps: CostCaps;
  run: { user_id: string; agent_id: string | null; project_id: string; chat_id: string; task_id: string };
  log: Logger;
}): RunLedger {
  const others = new Map<string, ResolvedModel>();
  const modelOf = (call: { model?: string }): ResolvedModel => others.get(call.model ?? "") ?? chain.current();
  let total = "0";
  let taken = 0;
  let failures = 0;
  let calls = 0;
  let lastCached = 0;
  /** Estimates of calls that are not recorded yet. */
  let underWay: Amount[] = [];
  const today = new Date(new Date().setUTCHours(0, 0, 0, 0));
  /** Of today without this run. */
  const spentElsewhere = async (): Promise<Amount> => {
    const all = unitsOf(await credits.spentSince(run.user_id, today));
    return amountOf(all > unitsOf(total) ? all - unitsOf(total) : 0n);
  };
  const overCap = (cap: "run" | "day"): AfterModelCall => ({
    ok: false,
    stop: "resource_limit_exceeded",
    message:
      cap === "run"
        ? `Paused at the cap of ${dollars(caps.run ?? "0")} for one run. What was done so far is kept; you can let it go on.`
        : `Paused at the cap of ${dollars(caps.day ?? "0")} for one day. What was done so far is kept; it can go on tomorrow (UTC).`,
  });
  /** Of one process's run: an interrupted run is gone on with by a task of its own. */
  const nextRequestId = () => `${run.task_id}:${++calls}`;
  const nothing = { input: "0", output: "0", total: "0" };
  const exhausted: AfterModelCall = {
    ok: false,
    stop: "credits_exhausted",
    message: "Your credits are used up. What was done so far is kept.",
  };

  return {
    plan: async ({ tokens_in, ...call }) => {
      const model = modelOf(call);
      // The run's own calls wait for its sub-agents: whatever they had under way is over.
      if (call.purpose !== "subagent") underWay = [];
      // What the last call read from the cache, this one will too.
      const tokens_cached = call.purpose === "turn" ? Math.min(lastCached, tokens_in) : 0;
      const verdict: ReturnType<typeof withinCaps> = model.is_byok
        ? { ok: true }
        : withinCaps(caps, {
            price: model.pricing,
            tokens_in,
            tokens_cached,
            spent: sumOf([total, ...underWay]),
            spentElsewhere: caps.day === null ? "0" : await spentElsewhere(),
          });
      if (!verdict.ok) return overCap(verdict.cap);
      const tokens_out = Math.min(likelyOutputTokens, verdict.max_output_tokens ?? likelyOutputTokens);
      const { total: estimate } = costOf(model.pricing, { tokens_in, tokens_out, tokens_cached: 0 });
      try {
        await credits.reserve({ ...run, is_byok: model.is_byok }, estimate);
        if (!model.is_byok) underWay.push(estimate);
        return verdict;
      } catch (error) {
        if (error instanceof AppError && error.code === "insufficient_credits") return exhausted;
        throw error;
      }
    },
    record: async (call) => {
      const model = modelOf(call);
      const cost = model.is_byok ? nothing : costOf(model.pricing, call);
      total = sumOf([total, cost.total]);
      underWay.shift();
      if (call.purpose === "turn") lastCached = call.tokens_cached;
      const usage = {
        ...run,
        request_id: nextRequestId(),
        model: model.model_id,
        purpose: call.purpose,
        tokens_input: call.tokens_in,
        tokens_output: call.tokens_out,
        tokens_cached: call.tokens_cached,
        cost_input: cost.input,
        cost_output: cost.output,
        cost_total: cost.total,
        is_byok: model.is_byok,
      };
      try {
        const { usage_log_id, credits_deducted, new_balance } = await credits.record(usage);
        failures = 0;
        taken += credits_deducted;
        await voice.say("credits_used", {
          cost_total_cents: roundedCents(cost.total),
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
        log.error({ err, ...run, cost: cost.total }, "model call not charged");
        if (failures < maxFailures) return { ok: true };
        return { ok: false, stop: "credit_deduction_failed", message: "What this run costs could not be written down, so it was stopped." };
      }
    },
    knows: (id, model) => void others.set(id, model),
    totalCents: () => total,
    limitCents: () => (caps.run === null || chain.current().is_byok ? null : Number(caps.run)),
    credits: () => taken,
    close: () => credits.release(run.task_id),
  };
}
