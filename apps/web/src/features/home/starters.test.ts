import type { Template } from "@tesslate/contract";
import { expect, test } from "vitest";
import { shortTitleOf, startersOf } from "./starters.ts";

test.each([
  ["A to-do app with priorities and due dates", "To-do app"],
  ["A pomodoro timer with a session log", "Pomodoro timer"],
  ["Build a landing page for a bakery", "Landing page"],
  ["A recipe book", "Recipe book"],
  ["Turn the notes into a board", "Turn the notes"],
  ["An API for the orders of a shop", "API for the orders"],
])("%j is called %j", (prompt, title) => expect(shortTitleOf(prompt)).toBe(title));

test("a template's own ideas come first, four in all, none twice", () => {
  const template: Template = {
    slug: "x",
    name: "X",
    description: "",
    stack: [],
    category: "frontend",
    features: [],
    is_default: true,
    starter_prompts: ["A recipe book", "A counter"],
    containers: [{ name: "X", service_slug: null }],
    pictures: null,
  };
  const starters = startersOf(template);
  expect(starters).toHaveLength(4);
  expect(starters[0]?.prompt).toBe("A recipe book");
  expect(new Set(starters.map((starter) => starter.title)).size).toBe(4);
  expect(startersOf(undefined)).toHaveLength(4);
});
