import { amountOf, cent, unitsOf, type Amount } from "../../platform/amounts.ts";

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

/** Bundled credits per 30 days, by tier (5.1). */
export const monthlyAllowance = { free: 0, basic: 500, pro: 2000, ultra: 8000 } as const;
/** How a tier's people are helped (5.1). */
export const supportOf = { free: "community", basic: "email", pro: "priority", ultra: "priority" } as const;
export const allowanceDays = 30;
export const dailyCredits = 5;
/** A balance is kept in 32 bits. */
export const maxPurchased = 2_000_000_000;
export const lowThreshold = (allowance: number): number => Math.floor(allowance / 5);
