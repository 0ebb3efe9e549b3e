import { expect, test } from "vitest";
import { costText, durationText, tokensText } from "./durations.ts";

test.each([
  [0, "0 ms"],
  [42, "40 ms"],
  [4_800, "4.8 s"],
  [161_000, "2m 41s"],
  [3_900_000, "1h 05m"],
])("%i ms is %s", (ms, text) => expect(durationText(ms)).toBe(text));
test.each([
  [850, "850"],
  [48_210, "48.2k"],
  [140_000, "140k"],
  [1_300_000, "1.3M"],
])("%i tokens are %s", (count, text) => expect(tokensText(count)).toBe(text));
test.each([
  [31, "$0.31"],
  [0, "$0.00"],
  [0.4, "<$0.01"],
])("%d cents are %s", (cents, text) => expect(costText(cents)).toBe(text));
