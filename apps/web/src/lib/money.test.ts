import { expect, test } from "vitest";
import { dollarInput, formatDollars, formatEstimate, parseDollars } from "./money.ts";

test.each([
  [0, "$0.00"],
  [0.4, "<$0.01"],
  [31, "$0.31"],
  [123_456, "$1,234.56"],
  [-500, "-$5.00"],
])("%f cents are %s", (cents, text) => expect(formatDollars(cents)).toBe(text));
test.each([
  [0.2, "under 1¢"],
  [6, "about 6¢"],
  [6.2, "about 6.2¢"],
  [11.7, "about 12¢"],
  [99.7, "about $1.00"],
  [240, "about $2.40"],
])("an estimate of %f cents is %s", (cents, text) => expect(formatEstimate(cents)).toBe(text));
test.each([
  ["4", 400],
  ["4.5", 450],
  ["$12.34", 1234],
  ["4,50", 450],
  [dollarInput(450), 450],
  ["", undefined],
  ["free", undefined],
  ["1.234", undefined],
  ["-1", undefined],
])("typed dollars: “%s”", (text, cents) => expect(parseDollars(text)).toBe(cents));
