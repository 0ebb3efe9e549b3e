import { describe, expect, test } from "vitest";
import { newSlug, slugBase } from "./slug.ts";

describe("slugBase", () => {
  test.each([
    ["My App", "my-app"],
    ["  Crème   Brûlée!! ", "creme-brulee"],
    ["a_b.c", "abc"],
    ["--x -- y--", "x-y"],
    ["日本", "project"],
    ["!!!", "project"],
    ["a".repeat(80), "a".repeat(50)],
    [`${"a".repeat(49)} bcd`, "a".repeat(49)],
    ["tab\there", "tabhere"],
  ])("%j becomes %j", (name, slug) => expect(slugBase(name)).toBe(slug));
});

test("a new slug ends in six random characters", () => {
  const [a, b] = [newSlug("My App"), newSlug("My App")];
  expect(a).toMatch(/^my-app-[0-9a-z]{6}$/);
  expect(a).not.toBe(b);
});
