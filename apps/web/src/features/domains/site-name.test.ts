import { expect, test } from "vitest";
import { siteNameError } from "./site-name.ts";

test("a name has at least three letters or digits, and single hyphens between them", () => {
  expect(siteNameError(" Bread-Class ")).toBeUndefined();
  expect(siteNameError("")).toBeUndefined();
  expect(siteNameError("bread class")).toContain("letters, digits and single hyphens");
  expect(siteNameError("ab")).toContain("at least 3");
});
