import { expect, test } from "vitest";
import { titleFrom } from "./chat.title.ts";

test.each([
  ["Build a to-do app", "Build a to-do app"],
  ["  # Plan\n\nmore text", "Plan"],
  ["\n- buy   milk ", "buy milk"],
  ["***", "New chat"],
  [
    "Make the header sticky and give the whole page a darker background, please",
    "Make the header sticky and give the whole page a darker…",
  ],
  ["x".repeat(100), `${"x".repeat(60)}…`],
])("%j becomes %j", (message, title) => expect(titleFrom(message)).toBe(title));
