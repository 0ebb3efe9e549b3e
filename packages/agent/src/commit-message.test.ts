import { expect, test } from "vitest";
import { commitMessageIn } from "./commit-message.ts";

test.each([
  ["Add a cart", "Add a cart"],
  ["```\nAdd a cart.\n```", "Add a cart"],
  ['**Commit message: "Add a cart"**', "Add a cart"],
  ["Subject: Add a cart\n\nPeople asked for it.\n", "Add a cart\n\nPeople asked for it."],
  ["x".repeat(200), `${"x".repeat(99)}…`],
  ["", undefined],
  ["…\n", undefined],
])("the model's answer %j becomes the message %j", (answer, message) => expect(commitMessageIn(answer)).toBe(message));
