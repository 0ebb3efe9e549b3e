import { formatDollars } from "../../lib/money.ts";

/** The price of an item, as text. */
export function priceOf(item: {
  pricing_type: "free" | "monthly" | "one_time" | "api";
  price_cents: number;
  api_pricing_input?: number | null;
  api_pricing_output?: number | null;
}): string {
  switch (item.pricing_type) {
    case "free":
      return "Free";
    case "one_time":
      return formatDollars(item.price_cents);
    case "monthly":
      return `${formatDollars(item.price_cents)} a month`;
    case "api":
      return `$${item.api_pricing_input ?? 0} in, $${item.api_pricing_output ?? 0} out, per million tokens`;
  }
}
