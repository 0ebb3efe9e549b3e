import { describe, expect, test } from "vitest";
import { editDistance } from "./fuzzy.ts";
import { replaceOnce } from "./match.ts";

const file = [
  "export function add(a: number, b: number) {",
  "  return a + b;",
  "}",
  "",
  "export function sub(a: number, b: number) {",
  "  return a - b;",
  "}",
  "",
].join("\n");

describe("replaceOnce", () => {
  const found: [name: string, text: string, search: string, replace: string, expected: string, method: string][] = [
    ["an exact piece of a line", "const a = 1;\nconst b = 2;\n", "b = 2", "b = 3", "const a = 1;\nconst b = 3;\n", "exact"],
    ["several exact lines", file, "  return a - b;\n}", "  return b - a;\n}", file.replace("a - b", "b - a"), "exact"],
    ["an exact deletion", "a\nb\nc\n", "b\n", "", "a\nc\n", "exact"],
    [
      "spaces at line ends of the file, which stay where nothing is changed",
      "if (x) {   \n  y();\t\n}\n",
      "if (x) {\n  y();\n}",
      "if (z) {\n  y();\n}",
      "if (z) {\n  y();\t\n}\n",
      "trailing_whitespace",
    ],
    [
      "spaces at line ends of the search",
      "if (x) {\n  y();\n}\n",
      "if (x) {  \n  y(); \n}\n",
      "done();\n",
      "done();\n",
      "trailing_whitespace",
    ],
    [
      "another indent, adopted by the replacement",
      "class A {\n    run() {\n        go();\n    }\n}\n",
      "  run() {\n      go();\n  }",
      "  run() {\n      stop();\n  }",
      "class A {\n    run() {\n        stop();\n    }\n}\n",
      "whitespace_normalized",
    ],
    [
      "no indent at all, the nested line kept relative",
      "x\n    a(\n      1)\n",
      "a(\n  1)",
      "a(\n  2)",
      "x\n    a(\n      2)\n",
      "whitespace_normalized",
    ],
    [
      "a first line without its indent",
      "x\n    a(\n      1)\n",
      "a(\n      1) ",
      "a(\n      2)",
      "x\n    a(\n      2)\n",
      "whitespace_normalized",
    ],
    [
      "tabs against spaces",
      "f() {\n\tone();\n\ttwo();\n}\n",
      "    one();\n    two();",
      "    one();\n    three();",
      "f() {\n\tone();\n\tthree();\n}\n",
      "whitespace_normalized",
    ],
    ["doubled spaces inside a line", "const  a   =  1;\n", "const a = 1;", "const a = 2;", "const a = 2;\n", "whitespace_normalized"],
    [
      "a misremembered word",
      file,
      "export function sub(a: number, c: number) {\n  return a - c;\n}",
      "export function sub() {\n  return 0;\n}",
      `${file.slice(0, file.indexOf("export function sub"))}export function sub() {\n  return 0;\n}\n`,
      "fuzzy",
    ],
    ["windows line ends are kept", "a\r\nb\r\nc\r\n", "a\nb", "x\ny", "x\r\ny\r\nc\r\n", "exact"],
    ["windows line ends when one line is replaced by two", "a\r\nb\r\n", "b", "c\nd", "a\r\nc\r\nd\r\n", "exact"],
  ];
  test.each(found)("finds %s", (_name, text, search, replace, expected, method) => {
    const result = replaceOnce(text, search, replace);
    expect(result).toMatchObject({ ok: true, method });
    expect(result.ok && result.text).toBe(expected);
  });

  test("names the line", () => {
    expect(replaceOnce(file, "return a - b", "return 0")).toMatchObject({ ok: true, line: 6 });
  });

  const ambiguous: [name: string, text: string, search: string, method: string, lines: number[]][] = [
    ["exact", "a();\nb();\na();\n", "a();", "exact", [1, 3]],
    ["exact, overlapping", "aaa\n", "aa", "exact", [1, 1]],
    ["by line ends", "x \ny \n\nx\t\ny\t\n", "x\ny\n", "trailing_whitespace", [1, 4]],
    ["by white space", "f( 1,  2 )\ng\nf( 1,   2 )\n", "f( 1, 2 )", "whitespace_normalized", [1, 3]],
    [
      "by similarity",
      "const total = price * count;\nother\nconst total = price * count;\n",
      "const totals = price * count;",
      "fuzzy",
      [1, 3],
    ],
  ];
  test.each(ambiguous)("refuses two equal places: %s", (_name, text, search, method, lines) => {
    expect(replaceOnce(text, search, "z")).toEqual({ ok: false, reason: "ambiguous", method, lines });
  });

  test("an exact match wins over a second one that differs only in spaces", () => {
    expect(replaceOnce("a(1)\n a( 1)\n", "a(1)", "b")).toMatchObject({ ok: true, line: 1, method: "exact" });
  });

  test("shows the nearest lines instead of guessing a place", () => {
    const result = replaceOnce(file, "export function mul(x, y) {\n  return x * y * 2;\n}", "z");
    expect(result).toMatchObject({ ok: false, reason: "not_found" });
    expect(!result.ok && result.reason === "not_found" && result.nearest?.similarity).toBeLessThan(0.8);
  });

  test("refuses an empty search", () => {
    expect(replaceOnce("a", " \n", "b")).toEqual({ ok: false, reason: "empty_search" });
  });

  test("treats replacement patterns as plain text", () => {
    expect(replaceOnce("a b", "b", "$& $1 $$")).toMatchObject({ ok: true, text: "a $& $1 $$" });
  });

  test("is fast on a long file", () => {
    const long = Array.from({ length: 4_000 }, (_, index) => `  const value${index} = compute(${index}, "${index * 7}");`).join("\n");
    const started = process.cpuUsage();
    const search = Array.from({ length: 30 }, (_, index) => `  let nothing${index} = different(${index});`).join("\n");
    expect(replaceOnce(long, search, "x")).toMatchObject({ ok: false, reason: "not_found" });
    // Of the processor, not of the clock: other tests run beside this one.
    expect(process.cpuUsage(started).user / 1_000).toBeLessThan(15_000);
  });
});

test("editDistance counts insertions, deletions and substitutions", () => {
  expect([editDistance("kitten", "sitting"), editDistance("", "abc"), editDistance("abc", "abc")]).toEqual([3, 3, 0]);
});

test("no quotation takes long: long lines, repeated lines, a match at every character", () => {
  const long = (seed: number): string => {
    let state = seed;
    return Array.from({ length: 1_500 }, () => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return String.fromCharCode(97 + (Math.floor(state / 65_536) % 26));
    }).join("");
  };
  const file = Array.from({ length: 400 }, (_, index) => long(index + 3)).join("\n");
  expect(replaceOnce(file, Array.from({ length: 40 }, (_, index) => long(index + 5_000)).join("\n"), "x")).toEqual({
    ok: false,
    reason: "not_found",
  });
  const repeated = replaceOnce("aaa\n".repeat(100_000), `${"aaa\n".repeat(30_000)}aab`, "z");
  expect(repeated).toMatchObject({ ok: false, reason: "not_found" });
  const everywhere = replaceOnce("a".repeat(1_000_000), "a", "z");
  expect(everywhere).toMatchObject({ ok: false, reason: "ambiguous" });
  expect(!everywhere.ok && everywhere.reason === "ambiguous" && everywhere.lines.length).toBeLessThan(100);
});
