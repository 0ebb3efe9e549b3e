import type { Model } from "@tesslate/contract";

/** "about 12¢", "about $1.20", "under 1¢". */
export function centsText(cents: number): string {
  if (cents < 1) return "under 1¢";
  return cents < 100
    ? `about ${cents < 10 ? cents.toFixed(1).replace(/\.0$/, "") : Math.round(cents)}¢`
    : `about $${(cents / 100).toFixed(2)}`;
}

const speedOf = (perSecond: number): string => (perSecond >= 80 ? "fast" : perSecond >= 25 ? "medium speed" : "slow");

/** Facts about a model, most important first. Unknown ones are left out. */
export function modelFacts(model: Model): string[] {
  return [
    model.health === "unhealthy" || model.health === "timeout" ? "not responding" : undefined,
    model.own_key
      ? "your own key"
      : model.message_cents === null
        ? "price unknown"
        : model.message_cents === 0
          ? "free"
          : `${centsText(model.message_cents)} a message`,
    model.tokens_per_second === null ? undefined : speedOf(model.tokens_per_second),
    model.vision === null ? undefined : model.vision ? "supports images" : "text only",
    model.score !== null ? `tools ${model.score}/100` : undefined,
    model.tools === "text" ? "calls tools as text" : model.tools === "none" ? "can't use tools" : undefined,
  ].filter((fact) => fact !== undefined);
}

/** The window in words: "200k", "1M". */
export const windowText = (tokens: number): string =>
  tokens >= 1_000_000 ? `${Number((tokens / 1_000_000).toFixed(1))}M` : `${Math.round(tokens / 1_000)}k`;
