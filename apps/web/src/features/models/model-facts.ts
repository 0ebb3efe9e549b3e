import type { Model } from "@tesslate/contract";
import { messageCost } from "./costs.ts";

const speedOf = (perSecond: number): string => (perSecond >= 80 ? "fast" : perSecond >= 25 ? "medium speed" : "slow");

/** Facts about a model, most important first. Unknown ones are left out. */
export function modelFacts(model: Model): string[] {
  return [
    model.health === "unhealthy" || model.health === "timeout" ? "not responding" : undefined,
    messageCost(model),
    model.tokens_per_second === null ? undefined : speedOf(model.tokens_per_second),
    model.vision === null ? undefined : model.vision ? "supports images" : "text only",
    model.score !== null ? `tools ${model.score}/100` : undefined,
    model.tools === "text" ? "calls tools as text" : model.tools === "none" ? "can't use tools" : undefined,
  ].filter((fact) => fact !== undefined);
}
