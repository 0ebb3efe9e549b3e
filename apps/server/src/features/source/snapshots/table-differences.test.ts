import { expect, test } from "vitest";
import type { TableFigures } from "../../../platform/dump/index.ts";
import { compareFigures } from "./table-differences.ts";

const table = (name: string, rows: number, more: Partial<TableFigures> = {}): TableFigures => ({
  schema: "public",
  name,
  columns: "a",
  rows,
  is_estimate: false,
  ...more,
});

test("only tables that differ are listed: first those that a restore deletes, then the ones that lose most rows", () => {
  const found = compareFigures(
    [table("gone", 7), table("grown", 9), table("less", 5), table("more", 1), table("same", 3), table("wider", 2)],
    [
      table("created", 4),
      table("grown", 12),
      table("less", 2),
      table("more", 200),
      table("same", 3),
      table("wider", 2, { columns: "b" }),
      table("same", 3, { schema: "other" }),
    ],
  );
  expect(
    found.map(({ schema, name, saved, now, has_other_columns }) => [
      `${schema}.${name}`,
      saved?.rows ?? null,
      now?.rows ?? null,
      has_other_columns,
    ]),
  ).toEqual([
    ["public.created", null, 4, false],
    ["other.same", null, 3, false],
    ["public.more", 1, 200, false],
    ["public.grown", 9, 12, false],
    ["public.wider", 2, 2, true],
    ["public.less", 5, 2, false],
    ["public.gone", 7, null, false],
  ]);
});

test("an estimate differs only if it is further from the number than statistics are", () => {
  const estimate = (rows: number) => [table("visits", rows, { is_estimate: true })];
  expect(compareFigures([table("visits", 200_000)], estimate(201_000))).toEqual([]);
  expect(compareFigures([table("visits", 200_000)], estimate(250_000))).toMatchObject([
    { saved: { rows: 200_000, is_estimate: false }, now: { rows: 250_000, is_estimate: true } },
  ]);
});
