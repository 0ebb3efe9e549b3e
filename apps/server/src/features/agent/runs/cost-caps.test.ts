import { describe, expect, test } from "vitest";
import { createPrices } from "../models/index.ts";
import { capsOf, withinCaps } from "./cost-caps.ts";

const { of: priceOf } = createPrices();
/** gpt-5.1: $1.25 in, $0.125 cached, $10 out. */
const price = priceOf("openai/gpt-5.1");
const planned = { price, tokens_in: 10_000, tokens_cached: 0, spent: "0", spentElsewhere: "0" };
const none = { run: null, day: null };

describe("what a call may cost", () => {
  test.each([
    ["no cap", none, {}, { ok: true }],
    ["far from the cap the provider is not told", { run: "500", day: "2000" }, {}, { ok: true }],
    // 5 cents less 1.25 for the input buy 3 750 tokens.
    ["near it the answer's length is what the rest buys", { ...none, run: "5" }, {}, { ok: true, max_output_tokens: 3_750 }],
    ["what is spent counts", { ...none, run: "5" }, { spent: "3" }, { ok: true, max_output_tokens: 750 }],
    ["a rest too small for an answer is none", { ...none, run: "5" }, { spent: "3.70" }, { ok: false, cap: "run" }],
    ["over it", { ...none, run: "5" }, { spent: "5" }, { ok: false, cap: "run" }],
    [
      "input from the cache is counted at its price",
      { ...none, run: "5" },
      { tokens_cached: 10_000 },
      { ok: true, max_output_tokens: 4_875 },
    ],
    ["the day's cap counts other runs too", { ...none, day: "10" }, { spent: "2", spentElsewhere: "7.5" }, { ok: false, cap: "day" }],
    ["the narrower cap decides", { run: "5", day: "2" }, {}, { ok: true, max_output_tokens: 750 }],
    ["a free model is never stopped", { ...none, run: "1" }, { price: priceOf("ollama/qwen3:8b") }, { ok: true }],
  ])("%s", (_name, caps, more, expected) => expect(withinCaps(caps, { ...planned, ...more })).toEqual(expected));

  test("the person's cap holds beside the server's, and alone where they pay themselves; 0 is no cap", () => {
    const own = (given: Partial<Parameters<typeof capsOf>[0]>) =>
      capsOf({ max_cost_cents: null, own_key_day_cents: null, perRunCents: 0, perDayCents: 0, ...given });
    expect(own({ max_cost_cents: 3.5, perRunCents: 500, own_key_day_cents: 100 })).toEqual({
      platform: { run: "3.50000000", day: null },
      own: { run: "3.50000000", day: "100.00000000" },
    });
    expect(own({ max_cost_cents: 9_000, perRunCents: 500, perDayCents: 2_000 })).toEqual({
      platform: { run: "500.00000000", day: "2000.00000000" },
      own: { run: "9000.00000000", day: null },
    });
    expect(own({})).toEqual({ platform: none, own: none });
  });
});
