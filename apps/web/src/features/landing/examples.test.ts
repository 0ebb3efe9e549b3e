import type { Template } from "@tesslate/contract";
import { expect, test } from "vitest";
import { examplesOf } from "./examples.ts";

const template = (slug: string, ...starter_prompts: string[]): Template => ({
  slug,
  name: slug.toUpperCase(),
  description: "",
  stack: [],
  is_default: false,
  starter_prompts,
  containers: [],
  category: "frontend",
  features: [],
  pictures: null,
});

test("each template gives one before any gives two", () => {
  const examples = examplesOf([template("a", "a1", "a2", "a3"), template("b"), template("c", "c1", "c2")]);
  expect(examples.map(({ prompt }) => prompt)).toEqual(["a1", "c1", "a2", "c2", "a3"]);
  expect(examples[1]).toEqual({ prompt: "c1", template: "C", base_id: "c" });
});

test("there are at most six", () => {
  expect(examplesOf(["a", "b", "c", "d"].map((slug) => template(slug, `${slug}1`, `${slug}2`)))).toHaveLength(6);
  expect(examplesOf([])).toEqual([]);
});
