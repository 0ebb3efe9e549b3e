import { describe, expect, test } from "vitest";
import { applyChunks, parsePatch, PatchError, type PatchOperation } from "./apply-patch.ts";

const wrap = (...lines: string[]): string => ["*** Begin Patch", ...lines, "*** End Patch"].join("\n");
const chunksOf = (...lines: string[]) => {
  const [operation] = parsePatch(wrap("*** Update File: f", ...lines));
  if (operation?.kind !== "update") throw new Error("not an update");
  return operation.chunks;
};

describe("parsePatch", () => {
  test("reads all kinds of operations", () => {
    const operations = parsePatch(
      wrap(
        "*** Add File: a.txt",
        "+one",
        "+",
        "+two",
        "*** Delete File: b.txt",
        "*** Update File: c.txt",
        "*** Move to: d/c.txt",
        "@@ fn main",
        " keep",
        "-old",
        "+new",
        "*** End of File",
      ),
    );
    expect(operations).toEqual<PatchOperation[]>([
      { kind: "add", path: "a.txt", text: "one\n\ntwo\n" },
      { kind: "delete", path: "b.txt" },
      {
        kind: "update",
        path: "c.txt",
        moveTo: "d/c.txt",
        chunks: [{ context: "fn main", before: ["keep", "old"], after: ["keep", "new"], isEndOfFile: true }],
      },
    ]);
  });

  test("tolerates a heredoc around it", () => {
    expect(parsePatch(`apply_patch <<'EOF'\n${wrap("*** Delete File: x")}\nEOF`)).toEqual([{ kind: "delete", path: "x" }]);
    expect(parsePatch(`<<EOF\n${wrap("*** Delete File: x")}\nEOF\n`)).toEqual([{ kind: "delete", path: "x" }]);
  });

  test("a bare move needs no chunk", () => {
    expect(parsePatch(wrap("*** Update File: a", "*** Move to: b"))).toEqual([{ kind: "update", path: "a", moveTo: "b", chunks: [] }]);
  });

  const broken: [name: string, patch: string, message: RegExp][] = [
    ["no begin", "*** Add File: a\n+x", /start with/],
    ["no end", "*** Begin Patch\n*** Add File: a\n+x", /end with/],
    ["nothing", wrap(), /names no file/],
    ["an added line without +", wrap("*** Add File: a", "+x", "y", "+z"), /Line 4/],
    ["an unknown mark", wrap("*** Update File: a", "x = 1"), /Line 3.*starts with/],
    ["an empty update", wrap("*** Update File: a"), /changes nothing/],
    ["lines below a deletion", wrap("*** Delete File: a", "-x"), /has no lines/],
    ["text before the first file", wrap("hello"), /Line 2/],
  ];
  test.each(broken)("refuses %s", (_name, patch, message) => {
    expect(() => parsePatch(patch)).toThrow(PatchError);
    expect(() => parsePatch(patch)).toThrow(message);
  });
});

describe("applyChunks", () => {
  const cases: [name: string, text: string, chunk: string[], expected: string][] = [
    ["replaces in place", "a\nb\nc\n", [" a", "-b", "+B", " c"], "a\nB\nc\n"],
    ["several chunks in file order", "a\nb\nc\nd\n", ["-a", "+A", "@@", "-d", "+D"], "A\nb\nc\nD\n"],
    ["moves forward past @@ context", "f:\n x\ng:\n x\n", ["@@ g:", "- x", "+ y"], "f:\n x\ng:\n y\n"],
    ["appends when nothing is quoted", "a\n", ["+b"], "a\nb\n"],
    ["inserts below the context line", "a\nb\n", ["@@ a", "+x"], "a\nx\nb\n"],
    ["anchors to the end of file", "x\ny\nx\n", ["-x", "+z", "*** End of File"], "x\ny\nz\n"],
    ["ignores spaces at line ends, and leaves them", "a  \nb\n", [" a", "-b", "+c"], "a  \nc\n"],
    ["ignores the indent", "    a\n    b\n", ["-a", "-b", "+    c"], "    c\n"],
    ["reads typographic characters as plain ones", "say \u201Chi\u201D \u2013 now\n", ['-say "hi" - now', "+bye"], "bye\n"],
    ["ends the file with a line break", "a\nb", ["-b", "+c"], "a\nc\n"],
    ["keeps windows line ends", "a\r\nb\r\n", ["-b", "+c"], "a\r\nc\r\n"],
    ["skips the numbers of a unified diff", "a\nb\n", ["@@ -1,2 +1,2 @@", " a", "-b", "+c"], "a\nc\n"],
    ["two insertions at one place keep their order", "a\n", ["@@ a", "+1", "@@", "+2"], "a\n1\n2\n"],
    ["may empty a file", "a\n", ["-a"], ""],
  ];
  test.each(cases)("%s", (_name, text, chunk, expected) => {
    expect(applyChunks("f", text, chunksOf(...chunk))).toBe(expected);
  });

  const refused: [name: string, text: string, chunk: string[], message: RegExp][] = [
    ["missing lines", "a\n", ["-b", "+c"], /not found/],
    ["two equal places", "x\ny\nx\n", ["-x", "+z"], /lines 1, 3/],
    ["chunks out of order", "a\nb\n", ["-b", "+B", "@@", "-a", "+A"], /file order/],
    ["a missing context line", "a\n", ["@@ nowhere", "-a"], /after @@ was not found/],
    ["an end of file that is not there", "x\ny\n", ["-x", "+z", "*** End of File"], /end of the file/],
  ];
  test.each(refused)("refuses %s", (_name, text, chunk, message) => {
    expect(() => applyChunks("f", text, chunksOf(...chunk))).toThrow(message);
  });
});

test("repeated lines are found in one pass, and a patch of thousands of changes is refused with a message", () => {
  const text = "aaa\n".repeat(60_000);
  const repeated = [...Array.from({ length: 20_000 }, () => " aaa"), "-aab", "+c"];
  expect(() => applyChunks("f", text, chunksOf("@@", ...repeated))).toThrow(/were not found/);
  const many = Array.from({ length: 1_100 }, (_, index) => ["@@", `-line ${index}`, `+row ${index}`]).flat();
  expect(() => applyChunks("f", "x\n", chunksOf(...many))).toThrow(/make them in parts/);
});
