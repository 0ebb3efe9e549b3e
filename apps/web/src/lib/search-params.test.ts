import { object, parse } from "valibot";
import { expect, test } from "vitest";
import { looseTextParam, oneOfParam, pageParam, requiredText, textParam, wordsParam } from "./search-params.ts";

const search = object({
  q: wordsParam(5),
  id: textParam,
  view: oneOfParam(["list", "cards"]),
  page: pageParam,
  tier: looseTextParam,
  token: requiredText,
});

test("parameters that match are kept; text is cut at its limit", () => {
  expect(parse(search, { q: "bakery", id: "", view: "list", page: 3, tier: true, token: "t" })).toEqual({
    q: "baker",
    id: "",
    view: "list",
    page: 3,
    tier: "true",
    token: "t",
  });
});

test("what does not match is dropped, and so are unknown parameters", () => {
  const parsed = parse(search, { q: "", id: 4, view: "toString", page: 1, tier: { a: 1 }, token: ["t"], other: "1" });
  expect(parsed).toEqual({ token: "" });
  expect("other" in parsed).toBe(false);
  for (const page of [0, -1, 1.5, "2", Number.NaN]) expect(parse(search, { page }).page).toBeUndefined();
});

test("a missing parameter is not there, unless the page requires it", () => {
  expect(Object.keys(parse(search, {}))).toEqual(["token"]);
});
