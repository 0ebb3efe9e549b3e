import { maxLogLines } from "@tesslate/contract";
import * as runtime from "@tesslate/runtime";
import { expect, test } from "vitest";

test("a client can request as many log lines as the runtime keeps", () => {
  // Two constants: neither package may import the other.
  expect(maxLogLines).toBe(runtime.keptLogLines);
});
