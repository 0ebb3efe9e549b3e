import { describe, expect, test } from "vitest";
import type { ChangeSet, Hunk, ReviewFile } from "@tesslate/contract";
import { itemsOf, linesOf, messageOf, lineReference, reviewedFiles, spanOfHunk, splitRowsOf, tallyOf } from "./review.ts";

const hunk = (lines: string[], place: Partial<Hunk> = {}): Hunk => ({
  id: "h1",
  old_start: 18,
  old_lines: lines.filter((l) => /^[ -]/.test(l)).length,
  new_start: 18,
  new_lines: lines.filter((l) => /^[ +]/.test(l)).length,
  section: "placesLeft",
  lines,
  is_rejected: false,
  ...place,
});
const replaced = hunk([" head {", "-  return 6 - taken", "+  return max(6 - taken)", "+  // new", " }", "\\ No newline at end of file"]);

test("lines have their old and new numbers", () => {
  expect(linesOf(replaced).map((l) => [l.kind, l.old, l.now, l.text])).toEqual([
    ["same", 18, 18, "head {"],
    ["del", 19, undefined, "  return 6 - taken"],
    ["add", undefined, 19, "  return max(6 - taken)"],
    ["add", undefined, 20, "  // new"],
    ["same", 20, 21, "}"],
    ["note", undefined, undefined, "No newline at end of file"],
  ]);
  expect(linesOf(hunk(["+a"], { old_start: 0, old_lines: 0, new_start: 1 }))[0]).toMatchObject({ now: 1 });
  expect(linesOf(hunk(["-a"], { old_start: 4, new_start: 3, new_lines: 0 }))[0]).toMatchObject({ old: 4 });
  expect([spanOfHunk(replaced), spanOfHunk(hunk(["-a", "-b"], { new_lines: 0 })), spanOfHunk(hunk(["+a"]))]).toEqual([
    "18–21",
    "18–19",
    "18",
  ]);
});

test.each([
  ["return 6 - taken", "return max(6 - taken)", [], ["max(", ")"]],
  ["const a = 1;", "const b = 1;", ["a"], ["b"]],
  ["one thing", "quite another", undefined, undefined],
  ["}", "});", undefined, undefined],
  [`x = ${"a ".repeat(2_000)}`, `x = ${"b ".repeat(2_000)}`, undefined, undefined],
])("%j → %j: marks the words that differ", (del, add, ofDel, ofAdd) => {
  const [old, now] = linesOf(hunk([`-${del}`, `+${add}`])).map(({ text, marks }) => marks?.map(([from, to]) => text.slice(from, to)));
  expect([old, now]).toEqual([ofDel, ofAdd]);
});

test("lines that were not replaced one for one have no marks", () => {
  expect(linesOf(replaced).some((l) => l.marks)).toBe(false);
});

describe("items", () => {
  const file = (path: string, hunks: Hunk[], more: Partial<ReviewFile> = {}): ReviewFile => ({
    path,
    old_path: null,
    status: "modified",
    is_binary: false,
    is_too_large: false,
    additions: 1,
    deletions: 1,
    hunks,
    is_rejected: false,
    changed_by: "run",
    ...more,
  });
  test("hunks, or the file where there are none; kept, rejected, open", () => {
    const items = [
      file("a", [hunk(["+a"]), hunk(["+b"], { id: "h2", is_rejected: true })]),
      file("b", [], { is_binary: true }),
      file("c", [], { is_rejected: true, is_binary: true }),
    ].flatMap(itemsOf);
    expect(items.map((item) => item.key)).toEqual(["a#h1", "a#h2", "b", "c"]);
    expect(tallyOf(items, new Set(["a#h1", "a#h2"]))).toEqual({ kept: 1, rejected: 2, open: 1 });
  });
});

test("comments are sent as one message with path, range, lines and text", () => {
  const lines = linesOf(replaced);
  const comment = (from: number, to: number, text: string) => ({
    id: "1",
    path: "src/slots.ts",
    itemKey: "",
    line: to,
    text,
    ...lineReference(lines, from, to),
  });
  const one = comment(3, 2, "Also count held.  ");
  expect(one).toMatchObject({ place: "lines 19–20", quote: "+  return max(6 - taken)\n+  // new" });
  expect(lineReference(lines, 1, 1)).toEqual({ place: "deleted line 19", quote: "-  return 6 - taken" });
  expect(messageOf([one])).toBe(
    "I reviewed your changes and have 1 comment:\n\nsrc/slots.ts, lines 19–20:\n```diff\n+  return max(6 - taken)\n+  // new\n```\nAlso count held.",
  );
  const two = messageOf([one, { ...one, quote: "+```js", place: "line 4", text: "No." }]);
  expect(two).toContain("2 comments:");
  expect(two).toContain("line 4:\n````diff\n+```js\n````\nNo.");
  expect(messageOf([{ ...one, quote: Array.from({ length: 40 }, (_, i) => `+${i}`).join("\n") }])).toContain("+29\n… 10 more lines");
});

test("side by side, removed lines are beside the added ones; what has no counterpart stands alone", () => {
  expect(splitRowsOf(linesOf(replaced)).map(({ old, now }) => [old, now])).toEqual([
    [0, 0],
    [1, 2],
    [undefined, 3],
    [4, 4],
    [5, 5],
  ]);
  expect(splitRowsOf(linesOf(hunk(["-a", "-b", " c", "+d"]))).map(({ old, now }) => [old, now])).toEqual([
    [0, undefined],
    [1, undefined],
    [2, 2],
    [undefined, 3],
  ]);
});

test("generated files come last, and those that only a person changed are left out", () => {
  const fileOf = (path: string, changed_by: ReviewFile["changed_by"] = "run") => ({ path, changed_by }) as ReviewFile;
  const files = [fileOf("dist/app.js"), fileOf("mine.ts", "person"), fileOf("package-lock.json"), fileOf("src/a.ts", "both")];
  expect(reviewedFiles({ files } as ChangeSet).map(({ path }) => path)).toEqual(["src/a.ts", "dist/app.js", "package-lock.json"]);
});
