import { describe, expect, test } from "vitest";
import { parseDotenv, secretRefusal } from "./dotenv.ts";

const read = (text: string) => Object.fromEntries(parseDotenv(text).entries.map((e) => [e.key, e.value]));

describe("parseDotenv", () => {
  test.each<[string, string, Record<string, string>]>([
    ["plain lines", "A=1\nB=two words\n", { A: "1", B: "two words" }],
    [
      "spaces, export, blank lines and comments",
      "\n# c\n  export A = 1 \n\tB=2 # why\nC=a#b\nD=#only\n",
      { A: "1", B: "2", C: "a#b", D: "" },
    ],
    ["windows line ends and a byte order mark", "\uFEFFA=1\r\nB=2\r\n", { A: "1", B: "2" }],
    ["single quotes are literal", "A='x $y \\n \"z\"' # c", { A: 'x $y \\n "z"' }],
    ["backticks are literal", 'A=`it\'s "so"`', { A: 'it\'s "so"' }],
    ["double quotes know escapes", 'A="a\\nb\\t\\"c\\" \\\\ \\$d \\q"', { A: 'a\nb\t"c" \\ $d \\q' }],
    ["several lines in quotes", "K=\"-----BEGIN\nabc=\n-----END\"\nB='1\n2'\nC=3", { K: "-----BEGIN\nabc=\n-----END", B: "1\n2", C: "3" }],
    ["an open quote is a character", 'A="half\nB=2', { A: '"half', B: "2" }],
    ["text after the quote makes it bare", 'A="x"y', { A: '"x"y' }],
    ["the last value of a name applies", "A=1\nB=2\nA=3", { B: "2", A: "3" }],
    ["equal signs in values", "A=b=c==", { A: "b=c==" }],
    ["empty values", 'A=\nB=""', { A: "", B: "" }],
    ["invalid names are kept", "1x=a\na-b=c", { "1x": "a", "a-b": "c" }],
  ])("%s", (_name, text, expected) => expect(read(text)).toEqual(expected));
  test("returns the line of each variable", () => {
    expect(parseDotenv('A=1\n\nB="x\ny"\n# z\nC=3').entries.map((e) => [e.key, e.line])).toEqual([
      ["A", 1],
      ["B", 3],
      ["C", 6],
    ]);
  });
  test("lines without a variable are returned as invalid with their first word", () => {
    expect(parseDotenv("hello world\nA=1\n=x\nexport B").invalid).toEqual([
      { key: "hello", line: 1 },
      { key: "", line: 3 },
      { key: "export", line: 4 },
    ]);
  });
  test("a megabyte of unclosed quotes is parsed quickly", () => {
    const started = performance.now();
    parseDotenv('A="'.repeat(100_000));
    parseDotenv("A=' \n".repeat(100_000));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

test.each([
  ["A", "1", undefined],
  ["_a9", " ", undefined],
  ["A".repeat(128), "x", undefined],
  ["A".repeat(129), "x", "invalid_key"],
  ["9A", "x", "invalid_key"],
  ["A-B", "x", "invalid_key"],
  ["", "x", "invalid_key"],
  ["A\n", "x", "invalid_key"],
  ["PATH", "x", "reserved_key"],
  ["LD_PRELOAD", "x", "reserved_key"],
  ["PROJECT_ID", "x", "reserved_key"],
  ["A", "", "empty_value"],
  ["A", "a\0b", "nul_character"],
  ["A", "x".repeat(32_768), undefined],
  ["A", "x".repeat(32_769), "value_too_large"],
  ["A", "ä".repeat(16_385), "value_too_large"],
])("secretRefusal(%j, …) is %j", (key, value, expected) => expect(secretRefusal(key, value)).toBe(expected));
