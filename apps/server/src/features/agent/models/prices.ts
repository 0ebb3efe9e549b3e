import { readFileSync, statSync } from "node:fs";
import { amountOf, scaled, type Amount } from "../../../platform/amounts.ts";
import type { Logger } from "../../../platform/logger.ts";
import table from "./prices.json" with { type: "json" };

/** USD per 1 000 000 tokens. */
export interface ModelPrice {
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
/** The format of `prices.json`. Entries of the operator's file replace the bundled ones. */
interface PriceTable {
  unknown: readonly string[];
  free: readonly string[];
  models: Readonly<Record<string, readonly string[]>>;
  aliases: Readonly<Record<string, string>>;
}
const shipped: PriceTable = table;

export interface Prices {
  /** By exact id or alias, never by similarity. */
  of(modelId: string): ModelPrice;
  /** The ids of the table that belong to a provider, best known first. */
  known(provider: string): string[];
}

const recheckMs = 5_000;

/** The bundled table with the entries of the `MODEL_PRICES` file, which is reloaded when it changes. If it is invalid, that is logged and the last valid table is used. */
export function createPrices({ file, log, now = Date.now }: { file?: string | undefined; log?: Logger; now?: () => number } = {}): Prices {
  let current = shipped;
  let readAt = 0;
  let version = "";
  const currentTable = (): PriceTable => {
    if (file === undefined || now() - readAt < recheckMs) return current;
    readAt = now();
    try {
      const { mtimeMs, size } = statSync(file);
      if (version === `${mtimeMs}:${size}`) return current;
      version = `${mtimeMs}:${size}`;
      current = merged(JSON.parse(readFileSync(file, "utf8")) as unknown);
      log?.info({ file, models: Object.keys(current.models).length }, "model prices read");
    } catch (err) {
      log?.error({ err, file }, "model prices not read");
    }
    return current;
  };
  return {
    of: (id) => priceIn(currentTable(), id),
    known: (provider) => Object.keys(currentTable().models).filter((id) => id.startsWith(`${provider}/`)),
  };
}

/** Throws an `Error` that names what is wrong. */
function merged(given: unknown): PriceTable {
  if (typeof given !== "object" || given === null) throw new Error("the price file must contain an object");
  const { models = {}, aliases = {}, free = shipped.free, unknown = shipped.unknown } = given as Partial<PriceTable>;
  for (const [id, price] of [...Object.entries(models), ["unknown", unknown] as const]) {
    const isPrice =
      Array.isArray(price) && price.length === 3 && price.every((part) => typeof part === "string" && /^\d+(\.\d+)?$/.test(part));
    if (!isPrice) throw new Error(`the price of ${id} must be three decimals as text: input, cached input, output`);
  }
  const lower = <T>(record: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(record).map(([id, value]) => [id.toLowerCase(), value]));
  return { free, unknown, models: { ...lower(models), ...Object.fromEntries(Object.entries(shipped.models).filter(([id]) => !(id in lower(models)))) }, aliases: { ...shipped.aliases, ...lower(aliases) } }; // prettier-ignore
}

function priceIn({ free, models, aliases, unknown }: PriceTable, modelId: string): ModelPrice {
  const id = modelId.toLowerCase();
  const found = models[id] ?? models[aliases[id] ?? ""];
  if (!found && free.includes(id.split("/")[0] ?? "")) return { input: "0", cached: "0", output: "0", is_known: true };
  const [input = "0", cached = "0", output = "0"] = found ?? unknown;
  return { input, cached, output, is_known: found !== undefined };
}

/** `tokens_cached` are part of `tokens_in` and are counted at their own price. */
export function costOf(price: ModelPrice, usage: { tokens_in: number; tokens_out: number; tokens_cached: number }): Cost {
  const cached = Math.min(usage.tokens_cached, usage.tokens_in);
  const input = partOf(usage.tokens_in - cached, price.input) + partOf(cached, price.cached);
  const output = partOf(usage.tokens_out, price.output);
  return { input: amountOf(input), output: amountOf(output), total: amountOf(input + output) };
}

const nothing: Cost = { input: "0", output: "0", total: "0" };
/** The charge of a call; calls with the user's own key are not charged. */
export function chargeOf(
  { model_id, pricing, is_byok }: { model_id: string; pricing: ModelPrice; is_byok: boolean },
  usage: { tokens_in: number; tokens_out: number; tokens_cached: number },
) {
  const cost = is_byok ? nothing : costOf(pricing, usage);
  return {
    model: model_id,
    tokens_input: usage.tokens_in,
    tokens_output: usage.tokens_out,
    tokens_cached: usage.tokens_cached,
    cost_input: cost.input,
    cost_output: cost.output,
    cost_total: cost.total,
    is_byok,
  };
}

/** The tokens that an amount buys; undefined: unlimited. */
export function tokensFor(cents: Amount, price: string): number | undefined {
  const each = scaled(price, 6);
  if (each === 0n) return undefined;
  return Number((scaled(cents, 8) * 100n) / each);
}

/** Prices are counted in 1e-6 dollars: tokens × price / 1e6 × 100 cents = tokens × (1e-6 dollars) / 100 × 1e-8 cents. */
const partOf = (tokens: number, price: string) => (BigInt(tokens) * scaled(price, 6)) / 100n;
