import { expect, test } from "vitest";
import { patternOf, replaced } from "./replace.ts";

const run = (before: string, text: string, by: string, options: { isRegex?: boolean; isCaseSensitive?: boolean } = {}) => {
  const { isRegex = false, isCaseSensitive = false } = options;
  const pattern = patternOf({ text, isRegex, isCaseSensitive });
  return typeof pattern === "string" ? pattern : replaced(before, pattern, by, isRegex);
};

test.each([
  ["a.b aXb A.B", "a.b", "$1", {}, { after: "$1 aXb $1", count: 2 }],
  ["a.b A.B", "a.b", "x", { isCaseSensitive: true }, { after: "x A.B", count: 1 }],
  ["get(1) get(22)", "get\\((\\d+)\\)", "at($1)", { isRegex: true }, { after: "at(1) at(22)", count: 2 }],
  ["one\ntwo", "^t", "T", { isRegex: true }, { after: "one\nTwo", count: 1 }],
  ["(x)", "(x)", "[x]", {}, { after: "[x]", count: 1 }],
  ["abc", "z*", "-", { isRegex: true }, { after: "abc", count: 0 }],
] as const)("%j: %s by %s", (before, text, by, options, expected) => expect(run(before, text, by, options)).toEqual(expected));

test("an expression of the server's that the browser does not know replaces nothing", () =>
  expect(run("a", "(?P<x>a)", "b", { isRegex: true })).toMatch(/doesn't support/));
