import type { CallVerdict, ModelCall, PlannedCall } from "@tesslate/agent";
import { amountOf, centsOf, sumOf, unitsOf, type Amount } from "../../../platform/amounts.ts";
import { AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Credits, UsagePurpose } from "../../billing/credits/index.ts";
import { chargeOf, costOf, type ResolvedModel } from "../models/index.ts";
import { dollars, withinCaps, type RunCaps } from "./cost-caps.ts";
import { startOfToday, type RunCosts, type RunUsage } from "./costs.ts";
import type { RunEmitter } from "./events.ts";
import type { PreparedRun } from "./run.ts";

/** The cost of one run. */
export interface RunLedger {
  /** Before each model call: checks the limits and reserves its likely cost. */
  plan(call: PlannedCall): Promise<CallVerdict>;
  /** The same for a call that failed without cost and that this fallback model repeats. */
  planTakeOver(model: ResolvedModel, tokens_in: number): Promise<CallVerdict>;
  /** Once per model call: charges it and emits `credits_used`. */
  record(call: Omit<ModelCall, "purpose"> & { purpose: UsagePurpose }): Promise<CallVerdict>;
  /** Registers a model besides the run's own: calls that name it are charged at its price. */
  addModel(id: string, model: ResolvedModel): void;
  /** US cents so far, as an exact decimal. */
  totalCents(): string;
  /** Calls with the user's own key, at list prices; undefined without any. */
  ownKeyCents(): number | undefined;
  /** The cost limit including earlier runs of the message; null without one. */
  limitCents(): number | null;
  /** Whole credits charged so far. */
  credits(): number;
  /** The usage of earlier runs of the same message. */
  earlier: RunUsage;
  /** Releases what is still reserved. */
  close(): Promise<void>;
}

/** Reserved per call, enough for most answers; a longer one is charged at its cost. */
const likelyOutputTokens = 4_000;
const maxFailures = 3;

export type RunLedgers = ReturnType<typeof createRunLedgers>;
/** Reserve and charge the model calls of runs. */
export function createRunLedgers({ credits, costs }: { credits: Pick<Credits, "reserve" | "record" | "release">; costs: RunCosts }) {
  return {
    /** The ledger of one run. `ownModel`: the run's own model. */
    open: async ({ task, input, project, chat, agent, emitter, log }: PreparedRun, ownModel: () => ResolvedModel): Promise<RunLedger> =>
      createRunLedger(
        {
          run: { user_id: task.user_id, chat_id: chat.id, task_id: task.id, agent_id: agent.id, project_id: project.id },
          caps: await costs.capsFor(task.user_id, project, input.max_cost_cents),
          earlier: await costs.usageOf(input.earlier?.tasks ?? []),
          counted: await costs.usageOf(input.earlier?.counted ?? []),
          ownModel,
          emitter,
          log,
        },
        { credits, costs },
      ),
  };
}

interface LedgerOfRun {
  run: { user_id: string; agent_id: string | null; project_id: string; chat_id: string; task_id: string };
  caps: RunCaps;
  /** Of earlier runs of the same message, and the part of it that counts towards the limit of this run. */
  earlier: RunUsage;
  counted: RunUsage;
  ownModel(): ResolvedModel;
  emitter: RunEmitter;
  log: Logger;
}

function createRunLedger(
  { run, caps, earlier, counted, ownModel, emitter, log }: LedgerOfRun,
  { credits, costs }: Parameters<typeof createRunLedgers>[0],
): RunLedger {
  const otherModels = new Map<string, ResolvedModel>();
  const modelOf = (call: { model?: string }): ResolvedModel => otherModels.get(call.model ?? "") ?? ownModel();
  // Of this task.
  let total = "0";
  let own = "0";
  let creditsCharged = 0;
  let failures = 0;
  let calls = 0;
  let lastCached = 0;
  /** Estimated cost of calls in flight. */
  let inFlight: Amount[] = [];
  const today = startOfToday();
  /** Counts towards the run's limit, for both payers. */
  const spent = () => sumOf([total, own, counted.charged, counted.own, ...inFlight]);
  /** Cost of today beyond `spent`. */
  const spentElsewhere = async (isOwn: boolean): Promise<Amount> => {
    const all = await costs.spentToday(run.user_id, isOwn, today);
    const here = unitsOf(sumOf(isOwn ? [own, counted.own] : [total, counted.charged]));
    return amountOf(unitsOf(all) > here ? unitsOf(all) - here : 0n);
  };
  const overLimit = (cap: "run" | "day", isOwn: boolean): CallVerdict => {
    const limit = dollars((isOwn ? caps.own : caps.platform)[cap] ?? "0");
    const message = isOwn
      ? cap === "run"
        ? `Paused at your limit of ${limit} per run (own key, at list prices). You can continue the run.`
        : `Paused at your limit of ${limit} per day for your own keys, at list prices. Raise the limit, or continue the run after midnight UTC.`
      : cap === "run"
        ? `Paused at the limit of ${limit} per run. You can continue the run.`
        : `Paused at the limit of ${limit} per day. You can continue the run after midnight UTC.`;
    return { ok: false, stop: "resource_limit_exceeded", message };
  };
  // Unique, because a run that resumes another is a task of its own.
  const nextRequestId = () => `${run.task_id}:${++calls}`;
  const exhausted: CallVerdict = {
    ok: false,
    stop: "credits_exhausted",
    message: "You are out of credits. What was done so far is kept.",
  };

  const reserve = async (model: ResolvedModel, { tokens_in, tokens_cached }: { tokens_in: number; tokens_cached: number }) => {
    const limits = model.is_byok ? caps.own : caps.platform;
    const verdict = withinCaps(limits, {
      price: model.pricing,
      tokens_in,
      tokens_cached,
      spent: spent(),
      spentElsewhere: limits.day === null ? "0" : await spentElsewhere(model.is_byok),
    });
    if (!verdict.ok) return overLimit(verdict.cap, model.is_byok);
    const tokens_out = Math.min(likelyOutputTokens, verdict.max_output_tokens ?? likelyOutputTokens);
    const { total: estimate } = costOf(model.pricing, { tokens_in, tokens_out, tokens_cached: 0 });
    try {
      await credits.reserve({ ...run, is_byok: model.is_byok }, estimate);
      inFlight.push(estimate);
      return verdict;
    } catch (error) {
      if (error instanceof AppError && error.code === "insufficient_credits") return exhausted;
      throw error;
    }
  };

  return {
    plan: ({ tokens_in, ...call }) => {
      // The run's own calls wait for its sub-agents, so none of theirs is in flight.
      if (call.purpose !== "subagent") inFlight = [];
      // Likely cached: what the last call read from the cache.
      return reserve(modelOf(call), { tokens_in, tokens_cached: call.purpose === "turn" ? Math.min(lastCached, tokens_in) : 0 });
    },
    planTakeOver: (model, tokens_in) => {
      inFlight.shift();
      return reserve(model, { tokens_in, tokens_cached: 0 });
    },
    record: async (call) => {
      const model = modelOf(call);
      const charge = chargeOf(model, call);
      total = sumOf([total, charge.cost_total]);
      if (model.is_byok) own = sumOf([own, costOf(model.pricing, call).total]);
      inFlight.shift();
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
        creditsCharged += credits_deducted;
        await emitter.emit("credits_used", {
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
        return { ok: false, stop: "credit_deduction_failed", message: "The cost of this run could not be recorded, so it was stopped." };
      }
    },
    addModel: (id, model) => void otherModels.set(id, model),
    totalCents: () => sumOf([earlier.charged, total]),
    ownKeyCents: () => (unitsOf(own) + unitsOf(earlier.own) === 0n ? undefined : Number(sumOf([earlier.own, own]))),
    limitCents: () => {
      const { run: limit } = ownModel().is_byok ? caps.own : caps.platform;
      if (limit === null) return null;
      const before = unitsOf(sumOf([earlier.charged, earlier.own])) - unitsOf(sumOf([counted.charged, counted.own]));
      return Number(limit) + Number(amountOf(before));
    },
    credits: () => earlier.credits + creditsCharged,
    earlier,
    close: () => credits.release(run.task_id),
  };
}
