import type { InspectedElement, PageElement } from "@tesslate/contract";
import { expect, test } from "vitest";
import { repetitionOf } from "./repetition.ts";

const origin = (file: string, line: number, ...counts: number[]) => ({
  file,
  line,
  column: 1,
  items: counts.map((count) => ({ line, column: 1, index: 0, count })),
});
const elementAt = (...origins: PageElement["origins"]): PageElement => ({
  tag: "li",
  class_name: "p-4",
  texts: ["Bread"],
  attributes: {},
  directory: ".",
  origins,
});
const at = (line: number, path = "src/List.tsx") => ({ reason: null, path, line });
const computed = { reason: "expression" as const, path: null, line: null };
const inspected = (parts: Partial<InspectedElement> = {}): InspectedElement => ({
  has_tailwind: true,
  texts: [{ value: "Bread", ...at(20) }],
  classes: [{ name: "p-4", ...at(20) }],
  new_class: at(20),
  attributes: [],
  ...parts,
});

test("what the source has once for all items of a list changes all of them", () => {
  const element = elementAt(origin("src/List.tsx", 20, 3));
  expect(repetitionOf(element, inspected())).toEqual({ note: "Changes all 3 items of this list.", isOfAll: true });
  expect(repetitionOf(element, inspected({ texts: [{ value: "Bread", ...computed }] }))?.isOfAll).toBe(true);
});

test("a text of the array changes its item only: the note is about styles", () => {
  const note = "Styles and classes change all 3 items of this list.";
  const parts = inspected({ texts: [{ value: "Bread", ...at(4) }] });
  expect(repetitionOf(elementAt(origin("src/List.tsx", 20, 3)), parts)).toEqual({ note, isOfAll: false });
  expect(repetitionOf(elementAt(origin("src/List.tsx", 20, 3)), { ...parts, classes: [], new_class: computed })).toBeUndefined();
});

test("a component that a list creates changes in all items; a text at its use too", () => {
  const element = elementAt(origin("src/Item.tsx", 3), origin("src/List.tsx", 20, 5));
  const parts = inspected({ classes: [{ name: "p-4", ...at(4, "src/Item.tsx") }], new_class: at(4, "src/Item.tsx") });
  expect(repetitionOf(element, parts)?.note).toBe("Changes all 5 items of this list.");
});

test("the lengths of lists in lists are not added up; without a list nothing is said", () => {
  expect(repetitionOf(elementAt(origin("src/List.tsx", 20, 3, 2)), inspected())?.note).toBe("Changes all items of these lists.");
  expect(repetitionOf(elementAt(origin("src/List.tsx", 20)), inspected())).toBeUndefined();
  expect(repetitionOf(elementAt(origin("src/List.tsx", 20, 1)), inspected())).toBeUndefined();
  expect(repetitionOf(elementAt(), inspected())).toBeUndefined();
});
