import { expect, test } from "vitest";
import { markOf } from "./agent-mark.ts";

const ids = Array.from({ length: 500 }, (_, index) => `00000000-0000-4000-8000-${index.toString(16).padStart(12, "0")}`);

test("the mark of an id is always the same", () => {
  expect(markOf("3f9c")).toEqual(markOf("3f9c"));
});

test("marks of ids that differ in a sign are distinct, and use every color", () => {
  expect(new Set(ids.map((id) => JSON.stringify(markOf(id)))).size).toBe(ids.length);
  expect(new Set(ids.map((id) => markOf(id).color)).size).toBe(9);
});

test("no mark is pale", () => {
  expect(ids.filter((id) => markOf(id).tiles.every(({ isSoft }) => isSoft))).toEqual([]);
});
