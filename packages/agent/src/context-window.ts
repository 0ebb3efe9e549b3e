import table from "./context-windows.json" with { type: "json" };

/** For a model whose window is known neither from its provider nor from the table. Too large a value is corrected by the provider's first refusal. */
export const defaultContextWindow = 128_000;

/** Vendors whose models no one else hosts, so that their names mean the same at any address. */
const closedVendors = ["openai", "anthropic", "google", "x-ai"];

/** Versions are written with dots or dashes. */
const spelled = (id: string): string => id.toLowerCase().replaceAll(".", "-");
/** `-2025-11-13`, `-20251001`: a dated release of a model has its window. */
const withoutDate = (id: string): string => id.replace(/-(\d{4}-\d{2}-\d{2}|\d{8})$/, "");

const windows = new Map(table.models.map(({ id, tokens }) => [spelled(id), tokens]));

/** The window of a model by its exact id (`provider/model`), or by the exact name of a closed vendor's model at another address. 128 000 when unknown. */
export function contextWindowOf(modelId: string): number {
  const id = spelled(modelId);
  const name = id.slice(id.lastIndexOf("/") + 1);
  const ids = [id, ...closedVendors.map((vendor) => `${vendor}/${name}`)];
  for (const known of ids.flatMap((one) => [one, withoutDate(one)])) {
    const tokens = windows.get(known);
    if (tokens !== undefined) return tokens;
  }
  return defaultContextWindow;
}
