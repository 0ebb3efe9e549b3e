import { expect, test } from "vitest";
import { statementAt, statementsOf, writes } from "./sql-statements.ts";

const texts = (text: string) => statementsOf(text).map(({ sql }) => sql);

test("semicolons in quotes, comments and dollar quotes end no statement", () => {
  expect(texts(`select ';'; select "a;b" -- ; here\n; /* ; */ do $x$ begin; end $x$ ; ;`)).toEqual([
    "select ';'",
    `select "a;b" -- ; here`,
    "do $x$ begin; end $x$",
  ]);
  expect(texts("-- nothing\n")).toEqual([]);
  expect(texts("select 'not closed; select 2")).toEqual(["select 'not closed; select 2"]);
});

test("positions point into the whole text", () => {
  const text = "-- one\nselect 1;\n\nselect 2;";
  for (const { from, to, sql } of statementsOf(text)) expect(text.slice(from, to)).toBe(sql);
  expect(statementAt(text, 3)?.sql).toBe("select 1");
  expect(statementAt(text, text.indexOf("select 2") + 2)?.sql).toBe("select 2");
  expect(statementAt(text, text.length)?.sql).toBe("select 2");
  expect(statementAt("", 0)).toBeUndefined();
});

test("what surely writes is known before it runs", () => {
  expect(writes("select 1; with x as (select 1) select * from x; (select 2)")).toBe(false);
  expect(writes("select 1; update a set b = 1")).toBe(true);
  expect(writes("/* a comment */ CREATE TABLE a (b int)")).toBe(true);
});
