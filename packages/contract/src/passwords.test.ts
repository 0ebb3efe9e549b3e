import { expect, test } from "vitest";
import { isCommonPassword, passwordProblem, passwordStrength } from "./passwords.ts";

const owner = { email: "ada@example.com", username: "ada-lovelace" };

test.each([
  ["short77", /at least 8 characters\. This one has 7\.$/],
  ["x1".repeat(65), /at most 128 characters\. This one has 130\.$/],
  ["ADA@example.com", /email/],
  ["Ada-Lovelace", /username/],
  ["12345678", /too easy to guess/],
  ["Password1!", /too easy to guess/],
])("%s is refused", (password, sentence) => expect(passwordProblem(password, owner)).toMatch(sentence));

test.each(["long enough", "correct horse battery", "öäüßöäüß-1", "tr0ub4dor&3"])("%s is not", (password) =>
  expect(passwordProblem(password, owner)).toBe(undefined),
);

test.each([
  "1234567890",
  "87654321",
  "abcdefgh",
  "qwertyuiop",
  "lkjhgfdsa",
  "1qaz2wsx",
  "aaaaaaaa",
  "abababab",
  "sunshine2024",
  "letmein!!",
])("%s is common", (password) => expect(isCommonPassword(password)).toBe(true));

test.each([
  ["12345678", "weak"],
  ["ada@example.com", "weak"],
  ["houseboat", "weak"],
  ["houseboat 7", "fair"],
  ["correct horse battery staple", "strong"],
  ["9f!Kq2-wZx7#", "strong"],
])("%s is %s", (password, strength) => expect(passwordStrength(password, owner)).toBe(strength));
