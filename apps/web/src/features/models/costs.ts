import type { CostEstimate, Model } from "@tesslate/contract";
import { formatEstimate } from "../../lib/money.ts";

/** What a message to a model costs, as it would be charged. */
export function messageCost({
  own_key,
  message_cents,
  is_price_known,
}: Pick<Model, "own_key" | "message_cents" | "is_price_known">): string {
  if (own_key) return "your own key";
  if (message_cents === 0) return "free";
  return is_price_known ? `${formatEstimate(message_cents)} a message` : `${formatEstimate(message_cents)} a message at the default price`;
}

/** What the next message costs, as it would be charged; with an own key, what it would cost. */
export function estimateSentence({ is_byok, own_key_cents, is_price_known, likely_cost_cents }: CostEstimate): string {
  const cents = is_byok ? (own_key_cents ?? 0) : likely_cost_cents;
  if (cents === 0) return is_byok ? "Estimated cost with your own key: free" : "Estimated cost: free";
  const amount = formatEstimate(cents);
  if (is_byok)
    return is_price_known
      ? `Estimated cost with your own key: ${amount} at list prices`
      : `Estimated cost with your own key: ${amount} at the default price, because this model has no list price`;
  return is_price_known
    ? `Estimated cost: ${amount}`
    : `Estimated cost: ${amount} at the default price, because this model has no list price`;
}
