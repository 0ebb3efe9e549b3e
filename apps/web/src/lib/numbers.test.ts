import { expect, test } from "vitest";
import { counted } from "./counted.ts";
import { formatChange, formatCompact, formatDecimal, formatNumber, formatPercent, formatToOneDecimal } from "./numbers.ts";

test.each([
  [0, "0"],
  [1234, "1,234"],
  [1234.5, "1,234.5"],
])("%f in full is %s", (value, text) => expect(formatNumber(value)).toBe(text));
test("decimals are always there, or only where they say something", () => {
  expect([formatDecimal(4, 1), formatDecimal(4.26, 1), formatDecimal(0.5, 2), formatDecimal(4.5, 0)]).toEqual(["4.0", "4.3", "0.50", "5"]);
  expect([formatToOneDecimal(6), formatToOneDecimal(6.24)]).toEqual(["6", "6.2"]);
});
test.each([
  [0, "0"],
  [850, "850"],
  [999, "999"],
  [8_192, "8.2k"],
  [48_000, "48k"],
  [48_210, "48.2k"],
  [140_321, "140k"],
  [999_960, "1M"],
  [1_300_000, "1.3M"],
  [2_500_000_000, "2.5B"],
])("%i in short is %s", (count, text) => expect(formatCompact(count)).toBe(text));
test("percentages are of shares", () => {
  expect([formatPercent(0), formatPercent(0.374), formatPercent(1), formatPercent(0.333, 1), formatPercent(0.5, 1)]).toEqual([
    "0%",
    "37%",
    "100%",
    "33.3%",
    "50%",
  ]);
  expect([formatChange(0.052), formatChange(0), formatChange(-0.1)]).toEqual(["+5.2%", "0%", "-10%"]);
});
test.each([
  [1, "1 hit"],
  [1200, "1,200 hits"],
])("%i with its noun is %s", (count, text) => expect(counted(count, "hit")).toBe(text));
