import { amountOf, cent, unitsOf, type Amount } from "../../../platform/amounts.ts";

/** Where credits come from, in the order in which they are spent (marketplace-billing-admin 5.2). */
export const buckets = ["daily", "bundled", "bonus", "purchased"] as const;
export type Buckets = Record<(typeof buckets)[number], number>;

export const totalOf = (balance: Buckets): number => buckets.reduce((sum, name) => sum + balance[name], 0);

export interface Spent {
  balance: Buckets;
  /** Spent and not yet a whole credit. */
  fraction: Amount;
  /** Whole credits taken by this. */
  taken: number;
  /** Whole credits that were due and not there. Nobody owes them. */
  shortfall: number;
}

/** Adds a cost to what is spent; whole credits are taken as they fill up, and the balance never falls below zero (5.3). */
export function spend(before: Buckets, fraction: Amount, cost: Amount): Spent {
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
/** What the tiers get, as the operator has set it (5.1). */
export interface CreditTerms {
  /** Bundled credits per 30 days. */
  allowance: ByTier<number>;
  /** How people are helped. */
  support: ByTier<string>;
  /** Of free accounts, every day. */
  dailyCredits: number;
  /** Of the allowance, below which a balance is low. */
  lowPercent: number;
  /** Of what is paid for their work; the platform keeps the rest. */
  creatorSharePercent: number;
}
export const allowanceDays = 30;
/** A balance is kept in 32 bits. */
export const maxPurchased = 2_000_000_000;
