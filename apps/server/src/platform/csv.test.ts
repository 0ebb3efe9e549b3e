import { expect, test } from "vitest";
import { csvOf, pagesOf } from "./csv.ts";

const textOf = async (rows: { a: unknown; b: unknown }[][]) => {
  let text = "";
  for await (const chunk of csvOf<{ a: unknown; b: unknown }>(
    ["a", "b"],
    pagesOf<{ a: unknown; b: unknown }>(
      async (after) => rows[after === undefined ? 0 : rows.findIndex((page) => page.at(-1) === after) + 1] ?? [],
    ),
  ))
    text += chunk;
  return text;
};

test("pages become one table; quotes, commas and line breaks stay in their cell", async () => {
  expect(
    await textOf([
      [{ a: 'say "hi", you', b: 1 }],
      [
        { a: "two\nlines", b: null },
        { a: true, b: { x: 1 } },
      ],
    ]),
  ).toBe('a,b\r\n"say ""hi"", you",1\r\n"two\nlines",\r\ntrue,"{""x"":1}"\r\n');
  expect(await textOf([])).toBe("a,b\r\n");
});

test.each(["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "|x", "%x"])(
  "%j is escaped, so that a spreadsheet reads it as text",
  async (value) => {
    expect((await textOf([[{ a: value, b: "" }]])).split("\r\n", 2)[0]).toBe("a,b");
    expect(await textOf([[{ a: value, b: "" }]])).toContain(`"'${value}"`);
  },
);
test("numbers are not escaped, also negative ones", async () => expect(await textOf([[{ a: -5, b: "5-3" }]])).toContain('-5,"5-3"'));
