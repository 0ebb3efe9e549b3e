import { DataSchema } from "@tesslate/contract";
import { expect, test } from "vitest";
import { sample } from "../../testing/sample.ts";
import { drawnSchema } from "./relations.ts";

const column = (name: string) => ({
  name,
  type: "bigint",
  kind: "number" as const,
  is_nullable: false,
  default: null,
  is_generated: false,
  enum_values: null,
  comment: null,
});
const reference = (name: string, to: string) => ({
  name: `${name}_fkey`,
  columns: [name],
  to_schema: "public",
  to_table: to,
  to_columns: ["id"],
  on_delete: "NO ACTION",
  on_update: "NO ACTION",
});
const table = (name: string, columns: string[], foreignKeys: ReturnType<typeof reference>[] = []) => ({
  schema: "public",
  name,
  kind: "table" as const,
  columns: columns.map(column),
  primary_key: ["id"],
  foreign_keys: foreignKeys,
});

test("a table is left of the one it refers to; references to tables that are not listed are left out", () => {
  const { tables, references } = drawnSchema(
    sample(DataSchema, {
      tables: [table("people", ["id"]), table("orders", ["id", "person", "gone"], [reference("person", "people"), reference("gone", "elsewhere")])],
    }),
  );
  const [people, orders] = tables;
  expect(references.map(({ source, target }) => [source, target])).toEqual([["public.orders", "public.people"]]);
  expect(orders?.x).toBeLessThan(people?.x ?? 0);
  expect(orders?.references).toEqual(["people", "elsewhere"]);
});

test("a wide table shows its keys and as many other columns as fit", () => {
  const names = Array.from({ length: 40 }, (_, index) => `c${index}`);
  const wide = table("wide", ["id", ...names, "owner"], [reference("owner", "wide")]);
  const [drawn] = drawnSchema(sample(DataSchema, { tables: [wide] })).tables;
  expect(drawn?.columns).toHaveLength(14);
  expect(drawn?.columns.at(-1)).toMatchObject({ name: "owner", isReference: true });
  expect(drawn?.more).toBe(28);
});
