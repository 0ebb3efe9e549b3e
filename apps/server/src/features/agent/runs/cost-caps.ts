import { amountOf, unitsOf, type Amount } from "../../../platform/amounts.ts";
import { costOf, tokensFor, type Price } from "../models/index.ts";

/** What a run may cost, in exact decimals of a cent; null: no such cap (agent-git-deploy 4.5). */
export interface CostCaps {
  run: Amount | null;
  day: Amount | null;
}
/** Of calls that the platform pays, and of those with the person's own key, which count at list prices: they are not charged here (4.18). */
export interface RunCaps {
  platform: CostCaps;
  own: CostCaps;
}
export interface PlannedCost {
  price: Price;
  tokens_in: number;
  /** Of these, likely read from the provider's cache. */
  tokens_cached: number;
  /** The run's calls so far, and those under way. */
  spent: Amount;
  /** The person's other calls of today, with the same payer. */
  spentElsewhere: Amount;
}

/** Fewer tokens are no answer. */
const leastOutputTokens = 256;
/** More than any answer: providers need not be told of it. */
const mostOutputTokens = 32_000;

/** May the call be made, and how long may its answer become? The cap holds in the middle of a stream because the provider is told the rest. */
export function withinCaps(
  caps: CostCaps,
  planned: PlannedCost,
): { ok: true; max_output_tokens?: number } | { ok: false; cap: "run" | "day" } {
  const input = unitsOf(costOf(planned.price, { ...planned, tokens_out: 0 }).input);
  const rests = [
    caps.run === null ? undefined : { cap: "run" as const, left: unitsOf(caps.run) - unitsOf(planned.spent) - input },
    caps.day === null
      ? undefined
      : { cap: "day" as const, left: unitsOf(caps.day) - unitsOf(planned.spent) - unitsOf(planned.spentElsewhere) - input },
  ].filter((rest) => rest !== undefined);
  const least = rests.toSorted((a, b) => (a.left < b.left ? -1 : 1))[0];
  if (!least) return { ok: true };
  if (least.left <= 0n) return input === 0n && unitsOf(planned.spent) === 0n ? { ok: true } : { ok: false, cap: least.cap };
  const tokens = tokensFor(amountOf(least.left), planned.price.output);
  if (tokens === undefined || tokens > mostOutputTokens) return { ok: true };
  return tokens < leastOutputTokens ? { ok: false, cap: least.cap } : { ok: true, max_output_tokens: tokens };
}

/** 5 → "$5.00", for the sentence that says why a run stopped. */
export const dollars = (cents: Amount): string => `$${(Number(cents) / 100).toFixed(2)}`;

/** The server's caps protect who runs it; what a person set holds for whatever they pay. */
export function capsOf(given: {
  max_cost_cents: number | null;
  own_key_day_cents: number | null;
  perRunCents: number;
  perDayCents: number;
}): RunCaps {
  const least = (limits: (number | null)[]): Amount | null => {
    const set = limits.filter((cents): cents is number => cents !== null && cents > 0);
    return set.length === 0 ? null : Math.min(...set).toFixed(8);
  };
  return {
    platform: { run: least([given.max_cost_cents, given.perRunCents]), day: least([given.perDayCents]) },
    own: { run: least([given.max_cost_cents]), day: least([given.own_key_day_cents]) },
  };
}
