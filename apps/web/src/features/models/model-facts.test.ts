import type { Model } from "@tesslate/contract";
import { expect, test } from "vitest";
import { modelFacts } from "./model-facts.ts";

const model: Model = {
  id: "openai/gpt-5.1", name: "gpt-5.1", source: "system", provider: "openai", pricing: { input: 1.25, output: 10 }, available: true, health: "healthy", disabled: false,
  context_window: 400_000, vision: true, reasoning: [], tools: "native", score: null, tokens_per_second: null, message_cents: 6.04, is_price_known: true, own_key: false,
}; // prettier-ignore

test.each([
  [{}, ["about 6¢ a message", "supports images"]],
  // Charged all the same, at the price of models without one.
  [{ is_price_known: false, vision: null }, ["about 6¢ a message at the default price"]],
  [{ is_price_known: false, message_cents: 0, vision: null }, ["free"]],
  [
    { own_key: true, message_cents: 0, score: 65, tools: "text", tokens_per_second: 12, vision: false },
    ["your own key", "slow", "text only", "tools 65/100", "calls tools as text"],
  ],
  [{ message_cents: 0, health: "timeout", tools: "none" }, ["not responding", "free", "supports images", "can't use tools"]],
] as const)("the facts of a model %#", (change, facts) => expect(modelFacts({ ...model, ...change } as Model)).toEqual(facts));
