import { amountOf, unitsOf, type Amount } from "../../../platform/amounts.ts";
import { costOf, tokensFor, type ModelPrice } from "../models/index.ts";

/** Cost limits in US cents as exact decimals; null: no limit. */
export interface CostCaps {
  run: Amount | null;
  day: Amount | null;
}
/** Limits for calls that the platform pays, and for calls with the user's own key, which are counted at list prices but not charged. */
export interface RunCaps {
  platform: CostCaps;
  own: CostCaps;
}
export interface PlannedCost {
  price: ModelPrice;
  tokens_in: number;
  /** The part of `tokens_in` that the provider likely has in its cache. */
  tokens_cached: number;
  /** The run's calls so far, including those in flight. */
  spent: Amount;
  /** The user's other calls of today (UTC), paid by the same side. */
  spentElsewhere: Amount;
}

/** An answer of fewer tokens is useless. */
const minOutputTokens = 256;
/** Longer than any answer, so no limit is sent to the provider. */
const maxOutputTokens = 32_000;

/** Whether a call fits the limits, and how long its answer may be. The provider enforces that length, so the limit also holds in mid-stream. */
export function withinCaps(
  caps: CostCaps,
  planned: PlannedCost,
): { ok: true; max_output_tokens?: number } | { ok: false; cap: "run" | "day" } {
  const input = unitsOf(costOf(planned.price, { ...planned, tokens_out: 0 }).input);
  const remaining = [
    caps.run === null ? undefined : { cap: "run" as const, left: unitsOf(caps.run) - unitsOf(planned.spent) - input },
    caps.day === null
      ? undefined
      : { cap: "day" as const, left: unitsOf(caps.day) - unitsOf(planned.spent) - unitsOf(planned.spentElsewhere) - input },
  ].filter((one) => one !== undefined);
  const least = remaining.toSorted((a, b) => (a.left < b.left ? -1 : 1))[0];
  if (!least) return { ok: true };
  if (least.left <= 0n) return input === 0n && unitsOf(planned.spent) === 0n ? { ok: true } : { ok: false, cap: least.cap };
  const tokens = tokensFor(amountOf(least.left), planned.price.output);
  if (tokens === undefined || tokens > maxOutputTokens) return { ok: true };
  return tokens < minOutputTokens ? { ok: false, cap: least.cap } : { ok: true, max_output_tokens: tokens };
}

/** 500 → "$5.00". */
export const dollars = (cents: Amount): string => `$${(Number(cents) / 100).toFixed(2)}`;

/** The server's limits hold for what the platform pays, the user's own for everything. */
export function costCaps({
  max_cost_cents,
  own_key_day_cents,
  limits,
}: {
  max_cost_cents: number | null;
  own_key_day_cents: number | null;
  limits: { maxCostPerRunCents: number; maxCostPerDayCents: number };
}): RunCaps {
  const least = (values: (number | null)[]): Amount | null => {
    const set = values.filter((cents): cents is number => cents !== null && cents > 0);
    return set.length === 0 ? null : Math.min(...set).toFixed(8);
  };
  return {
    platform: { run: least([max_cost_cents, limits.maxCostPerRunCents]), day: least([limits.maxCostPerDayCents]) },
    own: { run: least([max_cost_cents]), day: least([own_key_day_cents]) },
  };
}
