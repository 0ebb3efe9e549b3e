import { expect, test } from "vitest";
import { slugOf } from "./endpoint-slug.ts";

test.each([
  ["Office server", "office-server"],
  ["  Büro №1 ", "bu-ro-no1"],
  ["--", ""],
  ["日本", ""],
  ["a".repeat(80), "a".repeat(50)],
])("%j becomes %j", (name, slug) => {
  expect(slugOf(name)).toBe(slug);
  if (slug !== "") expect(slug).toMatch(/^[a-z0-9][a-z0-9_-]{0,49}$/);
});
