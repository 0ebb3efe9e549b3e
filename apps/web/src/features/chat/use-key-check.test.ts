import { expect, test } from "vitest";
import { withNames } from "./use-key-check.ts";

const secret = (value: string) => ({ what: "a key", name: undefined, value, at: 0 });

test.each([
  ["Use abc123 and abc123 again", "Use KEY and KEY again"],
  ["KEY=abc123", "KEY is stored as a secret of this project."],
  ['Set KEY: "abc123" please', "Set KEY please"],
  ["OTHER=abc123", "OTHER=KEY"],
])("%s", (text, named) => expect(withNames(text, [secret("abc123")], ["KEY"])).toBe(named));
test("several values", () => {
  expect(withNames("A=one1\nB=two2", [secret("one1"), secret("two2")], ["A", "B"])).toBe("A\nB");
});
