import { expect, test } from "vitest";
import { formatBytes } from "./bytes.ts";

test("sizes are short", () => {
  expect([0, 999, 1000, 1234, 41_200_000, 999_600_000, 2.5e12].map(formatBytes)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "1.2 kB",
    "41 MB",
    "1.0 GB",
    "2.5 TB",
  ]);
});
