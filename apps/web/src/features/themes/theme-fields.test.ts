import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Theme } from "@tesslate/contract";
import { fieldGroups, problemOf, valueAt, withValue } from "./theme-fields.ts";

const nord = JSON.parse(readFileSync(new URL("../../../../../themes/nord.json", import.meta.url), "utf8")) as Theme;
const paths = fieldGroups.flatMap((group) => group.fields.map((field) => field.path));

test("every value of the format is there once, but for the triples, and is valid in a theme that is", () => {
  const leaves = (value: unknown, at: string): string[] =>
    typeof value === "object" && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, at ? `${at}.${key}` : key))
      : [at];
  const { colors, typography, spacing, animation } = nord;
  const all = leaves({ colors, typography, spacing, animation }, "").filter((path) => !path.endsWith("Rgb"));
  expect(paths.toSorted()).toEqual(all.toSorted());
  for (const { fields } of fieldGroups)
    for (const { path, kind } of fields) expect([path, problemOf(kind, valueAt(nord, path))]).toEqual([path, undefined]);
});
test("a colour takes its triple along and leaves the rest alone", () => {
  const changed = withValue(nord, "colors.status.error", "#ff0080");
  expect(changed.colors.status).toEqual({ ...nord.colors.status, error: "#ff0080", errorRgb: "255, 0, 128" });
  expect(withValue(nord, "colors.primary", "half a colour").colors.primaryRgb).toBe(nord.colors.primaryRgb);
  expect(withValue(nord, "spacing.radiusXl", "1rem")).toEqual({ ...nord, spacing: { ...nord.spacing, radiusXl: "1rem" } });
});
test.each([
  ["color", "url(x)"],
  ["size", "calc(1px)"],
  ["duration", "150"],
  ["font", "a;b"],
  ["css", "0 0 1px url(x)"],
] as const)("%s refuses %s", (kind, text) => expect(problemOf(kind, text)).toEqual(expect.any(String)));
