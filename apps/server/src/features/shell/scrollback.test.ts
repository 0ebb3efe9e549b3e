import { expect, test } from "vitest";
import { createScrollback } from "./scrollback.ts";

const text = (s: string) => Buffer.from(s);

test("keeps the newest bytes up to the limit", () => {
  const scrollback = createScrollback(10);
  for (const part of ["aaaa", "bbbb", "cccc"]) scrollback.push(text(part));
  expect(String(scrollback.read())).toBe("bbbbcccc");
});

test("one chunk larger than the limit keeps its end", () => {
  const scrollback = createScrollback(4);
  scrollback.push(text("0123456789"));
  expect(String(scrollback.read())).toBe("6789");
});

test("never starts within a character", () => {
  const scrollback = createScrollback(5);
  scrollback.push(text("xääa"));
  expect(Buffer.from(scrollback.read()).toString("utf8")).not.toContain("\ufffd");
});
