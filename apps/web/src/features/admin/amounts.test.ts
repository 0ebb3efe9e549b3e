import { expect, test } from "vitest";
import { bytesOf, durationOf } from "./amounts.ts";

test("sizes and durations are told in the largest unit that fits", () => {
  expect([0, 1023, 1024, 150_000, 5 * 2 ** 30].map(bytesOf)).toEqual(["0 B", "1023 B", "1.0 KB", "146 KB", "5.0 GB"]);
  expect([-1, 59, 60, 3599, 3600, 11_520, 200_000].map(durationOf)).toEqual([
    "0 s",
    "59 s",
    "1 min",
    "59 min",
    "1 h 0 min",
    "3 h 12 min",
    "2 days",
  ]);
});
