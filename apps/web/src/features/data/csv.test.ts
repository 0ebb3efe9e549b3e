import { expect, test } from "vitest";
import { looksLikeHeader, mappingOf, previewOf } from "./csv.ts";

const file = (text: string) => new Blob([text]);
const columns = ["id", "name", "email"];

test("the delimiter is detected, quotes and a byte order mark are read", async () => {
  const preview = await previewOf(file('\uFEFFName;id\n"Ada; or ""A""";1\nGrace;2\n\n'));
  expect(preview).toEqual({
    delimiter: ";",
    rows: [
      ["Name", "id"],
      ['Ada; or "A"', "1"],
      ["Grace", "2"],
    ],
  });
  expect(looksLikeHeader(preview, columns)).toBe(true);
  expect(mappingOf(preview, columns, true)).toEqual(["name", "id"]);
});

test("without a header, fields go to columns by position; further ones are skipped", async () => {
  const preview = await previewOf(file("1,Ada\n2,Grace,g@example.com,more\n"));
  expect(looksLikeHeader(preview, columns)).toBe(false);
  expect(mappingOf(preview, columns, false)).toEqual(["id", "name", "email", null]);
});

test("of a large file only the beginning is read, without the row that the end cuts", async () => {
  const long = "x".repeat(40_000);
  const preview = await previewOf(file(Array.from({ length: 20 }, () => `1,${long}`).join("\n")));
  expect(preview.rows).toHaveLength(6);
  expect(preview.rows.every((row) => row[1] === long)).toBe(true);
});

test("a column takes one field only", async () => {
  expect(mappingOf(await previewOf(file("id,ID\n1,2")), columns, true)).toEqual(["id", null]);
});
