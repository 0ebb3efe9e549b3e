import { expect, test } from "vitest";
import { filterText, filterWith, operatorsOf, filterValue } from "./filters.ts";

test("a list is separated by commas; operators without a value need none", () => {
  expect(filterWith("id", "in", " 1, 2 ,,3")).toEqual({ column: "id", op: "in", values: ["1", "2", "3"] });
  expect(filterWith("id", "in", " , ")).toBeUndefined();
  expect(filterWith("id", "is_null", "ignored")).toEqual({ column: "id", op: "is_null" });
  expect(filterValue({ column: "id", op: "in", values: ["1", "2"] })).toBe("1, 2");
});

test("an empty text can be looked for, but not searched in", () => {
  expect(filterWith("name", "eq", "")).toEqual({ column: "name", op: "eq", value: "" });
  expect(filterWith("name", "contains", "")).toBeUndefined();
});

test("filters are named by the kind of their column", () => {
  expect(filterText({ column: "created_at", op: "gt", value: "2026-01-01" }, "timestamp")).toBe("created_at is after 2026-01-01");
  expect(filterText({ column: "price", op: "gt", value: "3" }, "number")).toBe("price is greater than 3");
  expect(filterText({ column: "name", op: "eq", value: "" }, "text")).toBe("name equals “”");
});

test("order is offered for what has one, parts for texts", () => {
  expect(operatorsOf("number")).toContain("gte");
  expect(operatorsOf("number")).not.toContain("contains");
  expect(operatorsOf("text")).toContain("starts_with");
  expect(operatorsOf("binary")).toEqual(["is_null", "is_not_null"]);
});
