import type { PreparationItem } from "@tesslate/contract";
import { Template } from "@tesslate/contract";
import { describe, expect, test } from "vitest";
import { sample } from "../../testing/sample.ts";
import { cardAt, galleryContentsOf, firstStartOf, matchingTemplates } from "./gallery.ts";

const react = sample(Template, { slug: "react", name: "React", stack: ["Vite"], category: "frontend", features: ["Dark mode"] });
const api = sample(Template, {
  slug: "api",
  name: "Node API",
  description: "Routes and checks",
  category: "backend",
  features: ["PostgreSQL"],
  containers: [
    { name: "App", service_slug: null },
    { name: "PostgreSQL", service_slug: "postgres" },
    { name: "Redis", service_slug: "redis" },
  ],
});

describe("matchingTemplates", () => {
  test.each([
    [undefined, undefined, ["react", "api"]],
    ["vite", undefined, ["react"]],
    ["dark react", undefined, ["react"]],
    ["postgres", undefined, ["api"]],
    ["rct", undefined, []],
    [undefined, "backend", ["api"]],
    ["vite", "backend", []],
  ])("%s in %s", (query, category, slugs) =>
    expect(matchingTemplates([react, api], query, category).map(({ slug }) => slug)).toEqual(slugs),
  );
});

test("the contents of a template name each service once, and not its app", () => {
  expect(galleryContentsOf(api)).toEqual(["PostgreSQL", "Redis"]);
});

test("the first start depends on what is prepared", () => {
  const item = (state: PreparationItem["state"]): PreparationItem[] => [{ id: "template-react", kind: "template", name: "React", state }];
  expect(firstStartOf("react", undefined)).toBeUndefined();
  expect(firstStartOf("api", item("ready"))).toBeUndefined();
  expect((["ready", "preparing", "waiting", "failed", "off"] as const).map((state) => firstStartOf("react", item(state)))).toEqual([
    "Starts in 1 to 2 s",
    "Being prepared",
    "First start takes 10 to 30 s",
    "First start takes 10 to 30 s",
    "First start takes 10 to 30 s",
  ]);
});

describe("cardAt", () => {
  // Three columns; the last row has one card.
  const boxes = [0, 1, 2, 3].map((index) => ({ left: (index % 3) * 100, top: Math.floor(index / 3) * 80, width: 90 }));
  test.each([
    [0, "ArrowRight", 1],
    [3, "ArrowRight", 3],
    [0, "ArrowLeft", 0],
    [2, "ArrowDown", 3],
    [3, "ArrowDown", 3],
    [3, "ArrowUp", 0],
    [1, "ArrowUp", 1],
    [1, "Home", 0],
    [1, "End", 3],
    [1, "a", 1],
  ])("from %i with %s to %i", (from, key, to) => expect(cardAt(boxes, from, key)).toBe(to));
});
