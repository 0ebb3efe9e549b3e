import { amountOf, scaled, type Amount } from "../../platform/amounts.ts";
import table from "./prices.json" with { type: "json" };

/** USD per 1 000 000 tokens. */
export interface Price {
  input: string;
  cached: string;
  output: string;
  /** False: the model is not in the table and is counted at the table's price for unknown ones. */
  is_known: boolean;
}
export interface Cost {
  input: Amount;
  output: Amount;
  total: Amount;
}

const models: Record<string, string[]> = table.models;
const aliases: Record<string, string> = table.aliases;
/** The ids of the table that belong to a provider, best known first. */
export const knownModels = (provider: string): string[] => Object.keys(models).filter((id) => id.startsWith(`${provider}/`));

/** By exact id or alias, never by similarity (agent-git-deploy 4.18). */
export function priceOf(modelId: string): Price {
  const id = modelId.toLowerCase();
  if (table.free.includes(id.split("/")[0] ?? "")) return { input: "0", cached: "0", output: "0", is_known: true };
  const found = models[id] ?? models[aliases[id] ?? ""];
  const [input = "0", cached = "0", output = "0"] = found ?? table.unknown;
  return { input, cached, output, is_known: found !== undefined };
}

/** `tokens_cached` are part of `tokens_in` and are counted at their own price. */
export function costOf(price: Price, usage: { tokens_in: number; tokens_out: number; tokens_cached: number }): Cost {
  const cached = Math.min(usage.tokens_cached, usage.tokens_in);
  const input = partOf(usage.tokens_in - cached, price.input) + partOf(cached, price.cached);
  const output = partOf(usage.tokens_out, price.output);
  return { input: amountOf(input), output: amountOf(output), total: amountOf(input + output) };
}

/** Prices are counted in 1e-6 dollars: tokens × price / 1e6 × 100 cents = tokens × (1e-6 dollars) / 100 × 1e-8 cents. */
const partOf = (tokens: number, price: string) => (BigInt(tokens) * scaled(price, 6)) / 100n;
