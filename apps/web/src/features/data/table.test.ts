import { expect, test } from "vitest";
import { filtersOfReference, foreignKeyOf, keyOfRow, nextSort, updateOf } from "./table.ts";

test("a column is sorted ascending, descending, not at all; Shift keeps the others", () => {
  const byName = nextSort([], "name", false);
  expect(byName).toEqual([{ column: "name", direction: "asc" }]);
  expect(nextSort(byName, "name", false)).toEqual([{ column: "name", direction: "desc" }]);
  expect(nextSort([{ column: "name", direction: "desc" }], "name", false)).toEqual([]);
  expect(nextSort(byName, "id", false)).toEqual([{ column: "id", direction: "asc" }]);
  const both = nextSort(byName, "id", true);
  expect(both).toEqual([...byName, { column: "id", direction: "asc" }]);
  expect(nextSort(both, "name", true)).toEqual([
    { column: "name", direction: "desc" },
    { column: "id", direction: "asc" },
  ]);
  expect(nextSort([{ column: "name", direction: "desc" }, ...both.slice(1)], "name", true)).toEqual(both.slice(1));
});

test("a row is named by its primary key; a row without one cannot be", () => {
  expect(keyOfRow({ primary_key: ["a", "b"] }, { key: ["1", "2"] })).toEqual({ a: "1", b: "2" });
  expect(keyOfRow({ primary_key: [] }, { key: null })).toBeUndefined();
});

test("a reference of several columns is followed with all of them, and not if one is NULL", () => {
  const foreignKey = {
    name: "fk",
    columns: ["shop", "number"],
    to_schema: "public",
    to_table: "orders",
    to_columns: ["shop_id", "id"],
    on_delete: "NO ACTION",
    on_update: "NO ACTION",
  };
  const columns = [{ name: "number" }, { name: "shop" }];
  expect(foreignKeyOf([foreignKey], "number")).toBe(foreignKey);
  expect(foreignKeyOf([foreignKey], "other")).toBeUndefined();
  expect(filtersOfReference(foreignKey, columns, { cells: ["7", "3"] })).toEqual([
    { column: "shop_id", op: "eq", value: "3" },
    { column: "id", op: "eq", value: "7" },
  ]);
  expect(filtersOfReference(foreignKey, columns, { cells: ["7", null] })).toBeUndefined();
});

test("an edit is refused if the value was changed since", () => {
  expect(updateOf({ schema: "public", name: "t" }, { id: "1" }, "name", null, { value: "Ada" })).toEqual({
    kind: "update",
    schema: "public",
    table: "t",
    key: { id: "1" },
    values: { name: null },
    expected: { name: "Ada" },
  });
});
