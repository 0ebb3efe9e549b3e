import { expect, test } from "vitest";
import { asCsv, asInserts, asJson, type CopiedRows } from "./copy.ts";

const copied: CopiedRows = {
  columns: [
    { name: "id", kind: "number" },
    { name: 'the "name"', kind: "text" },
    { name: "is_active", kind: "boolean" },
    { name: "settings", kind: "json" },
  ],
  rows: [
    ["1", "Ada, O'Neil", "t", '{"a":[1]}'],
    ["9007199254740993", "", "f", null],
    ["1.50", null, null, "not json"],
  ],
};

test("CSV tells NULL from an empty text, and quotes what has separators", () => {
  expect(asCsv(copied)).toBe(
    ['id,"the ""name""",is_active,settings', '1,"Ada, O\'Neil",t,"{""a"":[1]}"', '9007199254740993,"",f,', "1.50,,,not json"].join("\n"),
  );
});

test("JSON has numbers, booleans and objects; numbers that would lose digits stay texts", () => {
  expect(JSON.parse(asJson(copied))).toEqual([
    { id: 1, 'the "name"': "Ada, O'Neil", is_active: true, settings: { a: [1] } },
    { id: "9007199254740993", 'the "name"': "", is_active: false, settings: null },
    { id: "1.50", 'the "name"': null, is_active: null, settings: "not json" },
  ]);
});

test("INSERT statements quote names and values for their database", () => {
  const table = { schema: "public", name: "people" };
  expect(asInserts({ ...copied, rows: copied.rows.slice(0, 1) }, table, "postgres")).toBe(
    `INSERT INTO "public"."people" ("id", "the ""name""", "is_active", "settings") VALUES (1, 'Ada, O''Neil', true, '{"a":[1]}');`,
  );
  expect(
    asInserts(
      { columns: [{ name: "a`b", kind: "text" }, { name: "on", kind: "boolean" }], rows: [["\\ it's", "1"]] },
      { schema: "app", name: "people" },
      "mysql",
    ),
  ).toBe("INSERT INTO `app`.`people` (`a``b`, `on`) VALUES ('\\\\ it''s', 1);");
  expect(asInserts({ columns: [{ name: "b", kind: "binary" }], rows: [["\\x4142"]] }, table, "sqlite")).toBe(
    `INSERT INTO "people" ("b") VALUES (X'4142');`,
  );
});
