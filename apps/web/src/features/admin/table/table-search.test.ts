import { parse } from "valibot";
import { expect, test } from "vitest";
import { tableRequestOf, tableSearch } from "./table-search.ts";

const parsed = (search: object) => parse(tableSearch, search);

test("search parameters are parsed; invalid ones are dropped", () => {
  expect(parsed({ q: " ada ", page: 3, sort: "email", order: "asc", tier: "pro", has_projects: true })).toEqual({
    q: "ada",
    page: 3,
    sort: "email",
    order: "asc",
    tier: "pro",
    has_projects: "true",
  });
  expect(parsed({ q: 42 })).toEqual({ q: "42" });
  expect(parsed({ q: "", page: -1, sort: "a;drop", order: "up", tier: { a: 1 } })).toEqual({});
});

test("only known filters and columns reach the server", () => {
  expect(tableRequestOf(parsed({ q: "ada", sort: "password", tier: "pro", other: "1" }), ["tier", "status"], new Set(["email"]))).toEqual({
    page: 1,
    limit: 25,
    search: "ada",
    filters: { tier: "pro" },
  });
  expect(tableRequestOf({ sort: "email", order: "asc", page: 2 }, [], new Set(["email"]))).toEqual({
    page: 2,
    limit: 25,
    sort_by: "email",
    sort_order: "asc",
    filters: {},
  });
});
