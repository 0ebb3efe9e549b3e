import { randomBytes, randomInt } from "node:crypto";
import { expect, test } from "vitest";
import { createScrollback } from "./scrollback.ts";

const text = (s: string) => Buffer.from(s);

test("keeps the newest bytes up to the limit", () => {
  const scrollback = createScrollback(10);
  for (const part of ["aaaa", "bbbb", "cccc"]) scrollback.push(text(part));
  expect(String(scrollback.read())).toBe("aabbbbcccc");
});

test("keeps the end of a chunk larger than the limit", () => {
  const scrollback = createScrollback(4);
  scrollback.push(text("0123456789"));
  expect(String(scrollback.read())).toBe("6789");
});

test("never starts within a character", () => {
  const scrollback = createScrollback(5);
  scrollback.push(text("xääa"));
  expect(Buffer.from(scrollback.read()).toString("utf8")).not.toContain("\ufffd");
});

test("starts with a whole line after truncation", () => {
  const scrollback = createScrollback(16);
  scrollback.push(text("one\ntwo\n"));
  expect(String(scrollback.read())).toBe("one\ntwo\n");
  scrollback.push(text("three\nfour\n"));
  expect(String(scrollback.read())).toBe("two\nthree\nfour\n");
});

test("returns the end of the output, whatever the chunks", () => {
  for (let round = 0; round < 50; round++) {
    const max = randomInt(1, 100_000);
    const scrollback = createScrollback(max);
    const parts = Array.from({ length: 40 }, () => text(randomBytes(randomInt(0, 5000)).toString("hex")));
    for (const part of parts) scrollback.push(part);
    const whole = Buffer.concat(parts);
    expect(Buffer.from(scrollback.read()).equals(whole.subarray(Math.max(0, whole.length - max)))).toBe(true);
  }
});
