import { expect, test } from "vitest";
import { formatDuration } from "./durations.ts";

test.each([
  [-1, "0 s"],
  [0, "0 s"],
  [42, "40 ms"],
  [998, "1.0 s"],
  [4_800, "4.8 s"],
  [5_000, "5 s"],
  [9_960, "10 s"],
  [42_300, "42 s"],
  [59_990, "59 s"],
  [60_000, "1m"],
  [161_000, "2m 41s"],
  [3_600_000, "1h"],
  [3_900_000, "1h 05m"],
  [200_000_000, "2d 07h"],
])("%i ms is %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
