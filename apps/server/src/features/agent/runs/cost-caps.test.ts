import { describe, expect, test } from "vitest";
import { createPrices } from "../models/index.ts";
import { costCaps, withinCaps } from "./cost-caps.ts";

const { of: priceOf } = createPrices();
/** gpt-5.1: $1.25 in, $0.125 cached, $10 out. */
const price = priceOf("openai/gpt-5.1");
const planned = { price, tokens_in: 10_000, tokens_cached: 0, spent: "0", spentElsewhere: "0" };
const none = { run: null, day: null };

describe("cost limits of a call", () => {
  test.each([
    ["no limit", none, {}, { ok: true }],
    ["far from the limit, no output limit is sent to the provider", { run: "500", day: "2000" }, {}, { ok: true }],
    // 5 cents less 1.25 for the input buy 3 750 tokens.
    ["near the limit, the output limit is what the remainder buys", { ...none, run: "5" }, {}, { ok: true, max_output_tokens: 3_750 }],
    ["earlier cost counts", { ...none, run: "5" }, { spent: "3" }, { ok: true, max_output_tokens: 750 }],
    ["a remainder too small for an answer is over the limit", { ...none, run: "5" }, { spent: "3.70" }, { ok: false, cap: "run" }],
    ["over the limit", { ...none, run: "5" }, { spent: "5" }, { ok: false, cap: "run" }],
    [
      "input from the cache is counted at its price",
      { ...none, run: "5" },
      { tokens_cached: 10_000 },
      { ok: true, max_output_tokens: 4_875 },
    ],
    ["the daily limit counts other runs too", { ...none, day: "10" }, { spent: "2", spentElsewhere: "7.5" }, { ok: false, cap: "day" }],
    ["the lower limit decides", { run: "5", day: "2" }, {}, { ok: true, max_output_tokens: 750 }],
    ["a free model is never stopped", { ...none, run: "1" }, { price: priceOf("ollama/qwen3:8b") }, { ok: true }],
  ])("%s", (_name, caps, more, expected) => expect(withinCaps(caps, { ...planned, ...more })).toEqual(expected));

  test("the user's limit applies beside the server's, and alone to calls with their own key; 0 means no limit", () => {
    const caps = (
      given: { max_cost_cents?: number; own_key_day_cents?: number },
      limits?: Partial<Parameters<typeof costCaps>[0]["limits"]>,
    ) =>
      costCaps({
        max_cost_cents: null,
        own_key_day_cents: null,
        ...given,
        limits: { maxCostPerRunCents: 0, maxCostPerDayCents: 0, ...limits },
      });
    expect(caps({ max_cost_cents: 3.5, own_key_day_cents: 100 }, { maxCostPerRunCents: 500 })).toEqual({
      platform: { run: "3.50000000", day: null },
      own: { run: "3.50000000", day: "100.00000000" },
    });
    expect(caps({ max_cost_cents: 9_000 }, { maxCostPerRunCents: 500, maxCostPerDayCents: 2_000 })).toEqual({
      platform: { run: "500.00000000", day: "2000.00000000" },
      own: { run: "9000.00000000", day: null },
    });
    expect(caps({})).toEqual({ platform: none, own: none });
  });
});
