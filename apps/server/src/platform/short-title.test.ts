import { expect, test } from "vitest";
import { shortTitle } from "./short-title.ts";

test.each([
  ["Add a page", "Add a page"],
  ["  ## Plan\n\nmore text", "Plan"],
  ["Make the header sticky, and darken the page", "Make the header…"],
  ["x".repeat(30), `${"x".repeat(19)}…`],
  ["", ""],
])("%j becomes %j", (text, title) => expect(shortTitle(text, 20)).toBe(title));
