import { expect, test } from "vitest";
import { slugify } from "./slug.ts";

test.each([
  ["Crème Brûlée", 60, "creme-brulee"],
  ["  --A / b & C!  ", 60, "a-b-c"],
  ["日本", 60, ""],
  ["one two three", 8, "one-two"],
])("slugify(%j, %i)", (text, maxLength, slug) => expect(slugify(text, maxLength)).toBe(slug));
