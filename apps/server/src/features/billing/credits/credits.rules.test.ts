import { expect, test } from "vitest";
import { spend, creditsTotal } from "./credits.rules.ts";

const full = { daily: 2, bundled: 3, bonus: 4, purchased: 5 };

test("whole credits are taken in order when fractions add up; the fraction remains", () => {
  const first = spend(full, "0.00000000", "1.05000000");
  expect(first).toEqual({ balance: { ...full, daily: 1 }, fraction: "0.05000000", taken: 1, shortfall: 0 });
  const second = spend(first.balance, first.fraction, "2.95000000");
  expect(second).toEqual({ balance: { daily: 0, bundled: 1, bonus: 4, purchased: 5 }, fraction: "0.00000000", taken: 3, shortfall: 0 });
});

test("a thousand calls of a third of a cent cost the exact sum", () => {
  let state = { balance: { daily: 0, bundled: 0, bonus: 0, purchased: 1000 }, fraction: "0", taken: 0, shortfall: 0 };
  for (let i = 0; i < 1000; i++) state = spend(state.balance, state.fraction, "0.33333333");
  expect(state.balance.purchased).toBe(1000 - 333);
  expect(state.fraction).toBe("0.33333000");
});

test("the balance never falls below zero; the rest is forgiven", () => {
  const spent = spend(full, "0.5", "20.60000000");
  expect(creditsTotal(spent.balance)).toBe(0);
  expect(spent).toMatchObject({ taken: 14, shortfall: 7, fraction: "0.10000000" });
});

test("a call that costs nothing takes nothing", () => {
  expect(spend(full, "0.99999999", "0")).toEqual({ balance: full, fraction: "0.99999999", taken: 0, shortfall: 0 });
});
