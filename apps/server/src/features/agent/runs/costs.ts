import type { ProjectRow } from "../../../db/schema/projects.ts";
import { sumOf, type Amount } from "../../../platform/amounts.ts";
import type { Credits } from "../../billing/credits/index.ts";
import { costOf, projectModelSettings, type ModelPrice } from "../models/index.ts";
import { costCaps, type RunCaps } from "./cost-caps.ts";

export interface RunUsage {
  /** US cents charged. */
  charged: Amount;
  /** US cents at list prices of calls with the user's own key. */
  own: Amount;
  tokens_in: number;
  tokens_out: number;
  tokens_cached: number;
  credits: number;
}

export const startOfToday = (): Date => new Date(new Date().setUTCHours(0, 0, 0, 0));

/** What runs have cost and may cost. */
export type RunCosts = ReturnType<typeof createRunCosts>;
export function createRunCosts({
  credits,
  priceOf,
  preferencesOf,
  limits,
}: {
  credits: Pick<Credits, "taskUsage" | "spentSince" | "ownKeyUsage">;
  priceOf(modelId: string): ModelPrice;
  preferencesOf(userId: string): Promise<{ max_cost_cents: number | null; own_key_day_cents: number | null }>;
  limits: { maxCostPerRunCents: number; maxCostPerDayCents: number };
}) {
  const sumUsage = (rows: Awaited<ReturnType<Credits["taskUsage"]>>): RunUsage => {
    const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((all, row) => all + of(row), 0);
    return {
      charged: sumOf(rows.map((row) => row.cost_total)),
      own: sumOf(rows.filter((row) => row.is_byok).map((row) => costOf(priceOf(row.model), row).total)),
      tokens_in: sum((row) => row.tokens_in),
      tokens_out: sum((row) => row.tokens_out),
      tokens_cached: sum((row) => row.tokens_cached),
      credits: sum((row) => row.credits_deducted),
    };
  };
  return {
    /** The limits of a run. `requested` wins over the project's, that over the user's. */
    capsFor: async (userId: string, project: ProjectRow, requested?: number | null): Promise<RunCaps> => {
      const { max_cost_cents, own_key_day_cents } = await preferencesOf(userId);
      return costCaps({
        max_cost_cents: requested ?? projectModelSettings(project).max_cost_cents ?? max_cost_cents,
        own_key_day_cents,
        limits,
      });
    },
    usageOf: async (taskIds: readonly string[]): Promise<RunUsage> => sumUsage(await credits.taskUsage([...taskIds])),
    /** The cost of a user's calls of today (UTC): charged, or at list prices with their own keys. */
    spentToday: async (userId: string, isOwn: boolean, today = startOfToday()): Promise<Amount> =>
      isOwn ? sumUsage(await credits.ownKeyUsage(userId, today)).own : credits.spentSince(userId, today),
  };
}
