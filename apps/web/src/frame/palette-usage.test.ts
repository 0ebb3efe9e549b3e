import { beforeEach, expect, test } from "vitest";
import { noteUsed, readUsed } from "./palette-usage.ts";

const day = 24 * 3_600_000;
const stored = new Map<string, string>();
beforeEach(() => {
  stored.clear();
  globalThis.localStorage = {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => void stored.set(key, value),
    removeItem: (key: string) => void stored.delete(key),
  } as Storage;
});
const use = (id: string, at: number, userId = "ada") => noteUsed(userId, { id, source: "pages", title: id }, at);
const order = (now: number, userId = "ada") => readUsed(userId, now).map(({ id }) => id);

test("the last one used is first, unless another one is used far more often", () => {
  use("a", 0);
  use("b", 1);
  expect(order(2)).toEqual(["b", "a"]);
  use("a", 3);
  use("a", 4);
  use("b", 5);
  expect(order(6)).toEqual(["a", "b"]);
});

test("a use counts half after a week", () => {
  for (let n = 0; n < 3; n++) use("old", n);
  use("new", 15 * day);
  expect(order(15 * day)).toEqual(["new", "old"]);
});

test("people do not share it, and it is bounded", () => {
  for (let n = 0; n < 100; n++) use(`item ${n}`, n);
  expect(order(100)).toHaveLength(60);
  expect(order(100, "bob")).toEqual([]);
});

test("what cannot be read counts as nothing", () => {
  stored.set("tesslate.palette.used.ada", '[{"id":1}]');
  expect(order(1)).toEqual([]);
});
