import { amountOf, cent, unitsOf, type Amount } from "../../../platform/amounts.ts";

/** Credit buckets in the order in which they are spent. */
export const buckets = ["daily", "bundled", "bonus", "purchased"] as const;
export type Buckets = Record<(typeof buckets)[number], number>;

export const creditsTotal = (balance: Buckets): number => buckets.reduce((sum, name) => sum + balance[name], 0);

export interface SpendResult {
  balance: Buckets;
  /** The spent fraction of a credit. */
  fraction: Amount;
  /** Whole credits deducted. */
  taken: number;
  /** Whole credits that were due but missing. They are forgiven. */
  shortfall: number;
}

/** Deducts a cost. Fractions add up until a whole credit is deducted; the balance never falls below zero. */
export function spend(before: Buckets, fraction: Amount, cost: Amount): SpendResult {
  const due = unitsOf(fraction) + unitsOf(cost);
  const whole = Number(due / cent);
  const balance = { ...before };
  let open = whole;
  for (const name of buckets) {
    const part = Math.min(balance[name], open);
    balance[name] -= part;
    open -= part;
  }
  return { balance, fraction: amountOf(due % cent), taken: whole - open, shortfall: open };
}

type ByTier<T> = Record<"free" | "basic" | "pro" | "ultra", T>;
/** The operator's settings per tier. */
export interface CreditTerms {
  /** Bundled credits per 30 days. */
  allowance: ByTier<number>;
  /** Support level. */
  support: ByTier<string>;
  /** Credits of free accounts per day. */
  dailyCredits: number;
  /** Percentage of the allowance below which a balance is low. */
  lowPercent: number;
  /** The creator's percentage of a sale; the platform keeps the rest. */
  creatorSharePercent: number;
}
export const allowanceDays = 30;
/** The balance column has 32 bits. */
export const maxPurchased = 2_000_000_000;
