import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { centsOf, sumOf } from "../../../platform/amounts.ts";
import { costOf, createPrices } from "./prices.ts";
import table from "./prices.json" with { type: "json" };

const { of: priceOf } = createPrices();

test.each([
  ["openai/gpt-5.1", "1.25", "10.00", true],
  ["anthropic/claude-sonnet-4-5-20250929", "3.00", "15.00", true],
  ["OpenAI/GPT-5.1", "1.25", "10.00", true],
  ["ollama/qwen3:8b", "0", "0", true],
  ["demo/scripted", "0", "0", true],
  // A similar name does not match.
  ["openai/gpt-5.1-preview-of-something", "1.00", "3.00", false],
  ["openai/gpt", "1.00", "3.00", false],
])("%s", (id, input, output, is_known) => expect(priceOf(id)).toMatchObject({ input, output, is_known }));

test("two calls of a hundred tokens cost a fraction of a cent, not four cents", () => {
  const cost = costOf(priceOf("openai/gpt-5.1"), { tokens_in: 100, tokens_out: 100, tokens_cached: 0 });
  expect(cost).toEqual({ input: "0.01250000", output: "0.10000000", total: "0.11250000" });
  expect(sumOf([cost.total, cost.total])).toBe("0.22500000");
  expect(centsOf(cost.total)).toBe(0.1125);
});

test("cached input has its own price and is counted once", () => {
  expect(costOf(priceOf("openai/gpt-5.1"), { tokens_in: 1_000_000, tokens_out: 0, tokens_cached: 400_000 })).toMatchObject({
    input: "80.00000000",
  });
  expect(costOf(priceOf("openai/gpt-5.1"), { tokens_in: 10, tokens_out: 0, tokens_cached: 99 }).input).toBe("0.00012500");
});

test.each([
  ["0", 0],
  ["0.49999999", 0.49999999],
  ["1.50000000", 1.5],
  ["12345678.00000001", 12345678.00000001],
])("%s cents are shown as %f", (amount, cents) => expect(centsOf(amount)).toBe(cents));

test("the price table has exact decimals only, and every alias resolves", () => {
  for (const prices of [table.unknown, ...Object.values(table.models)]) {
    expect(prices).toHaveLength(3);
    for (const price of prices) expect(price).toMatch(/^\d+\.\d{1,4}$/);
  }
  for (const target of Object.values(table.aliases)) expect(Object.keys(table.models)).toContain(target);
  expect(createPrices().known("anthropic").length).toBeGreaterThan(3);
});

test("an administrator's price file replaces the shipped one and is reloaded on change; an invalid file changes nothing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "prices-"));
  const file = join(folder, "prices.json");
  let clock = 1_000_000;
  const prices = createPrices({ file, now: () => (clock += 10_000) });
  expect(prices.of("openai/gpt-5.1").input).toBe("1.25");
  await writeFile(
    file,
    JSON.stringify({
      models: { "OpenAI/GPT-5.1": ["9", "0.9", "90"], "ollama/big": ["0.10", "0.10", "0.20"] },
      aliases: { "x/y": "ollama/big" },
    }),
  );
  expect(prices.of("openai/gpt-5.1")).toEqual({ input: "9", cached: "0.9", output: "90", is_known: true });
  expect([prices.of("ollama/big").output, prices.of("x/y").output, prices.of("ollama/other").output]).toEqual(["0.20", "0.20", "0"]);
  expect(prices.known("openai")).toContain("openai/gpt-5-mini");
  await writeFile(file, JSON.stringify({ models: { "openai/gpt-5.1": [9, 0.9, 90] } }));
  expect(prices.of("openai/gpt-5.1").input).toBe("9");
  await rm(folder, { recursive: true });
});
