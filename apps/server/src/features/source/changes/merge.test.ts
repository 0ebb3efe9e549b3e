import { structuredPatch } from "diff";
import { describe, expect, test } from "vitest";
import { parseHunks, type ParsedHunk } from "./hunks.ts";
import { carryOver, splitLines, movesBetween, textWithout } from "./merge.ts";

const numbered = (change: (lines: string[]) => void, end = "\n") => {
  const lines = Array.from({ length: 40 }, (_, i) => `line ${i + 1}`);
  change(lines);
  return lines.join("\n") + end;
};
/** As git writes it. */
function hunksOf(before: string, after: string): ParsedHunk[] {
  const { hunks } = structuredPatch("a", "b", before, after, undefined, undefined, { context: 3 });
  const range = (start: number, lines: number) => `${lines === 0 ? start - 1 : start},${lines}`;
  return parseHunks(
    "a.txt",
    hunks.map((h) => `@@ -${range(h.oldStart, h.oldLines)} +${range(h.newStart, h.newLines)} @@ part\n${h.lines.join("\n")}\n`).join(""),
  );
}
const before = numbered(() => {});
/** Four hunks: lines changed, added and removed, and the last line changed. */
const after = numbered((lines) => {
  lines[39] = "LAST";
  lines.splice(29, 3);
  lines.splice(15, 0, "new a", "new b");
  lines[4] = "FIVE";
});
const texts = { before: splitLines(before), after: splitLines(after) };
const hunks = hunksOf(before, after);
const ids = hunks.map((h) => h.id);
const pick = (...at: number[]) => new Set(at.map((i) => ids[i] ?? ""));
const without = (...at: number[]) => textWithout(texts, hunks, pick(...at)).join("");

test("hunks have stable positions and ids", () => {
  expect(hunks.map((h) => [h.old_start, h.old_lines, h.new_start, h.new_lines, h.section, h.cores.length])).toEqual([
    [2, 7, 2, 7, "part", 1],
    [13, 6, 13, 8, "part", 1],
    [27, 9, 29, 6, "part", 1],
    [37, 4, 36, 4, "part", 1],
  ]);
  expect(new Set(ids).size).toBe(4);
  expect(hunksOf(before, after).map((h) => h.id)).toEqual(ids);
  expect(parseHunks("b.txt", "@@ -1 +1 @@\n-a\n+b\n")[0]).toMatchObject({ old_lines: 1, new_lines: 1, section: "", lines: ["-a", "+b"] });
  expect(parseHunks("new", "@@ -0,0 +1,2 @@\n+a\n+b\n\\ No newline at end of file\n")[0]?.cores).toEqual([
    { before: { start: 0, end: 0 }, after: { start: 0, end: 2 } },
  ]);
});

test("every selection of hunks equals a patch of the others", () => {
  expect(without()).toBe(after);
  expect(without(0, 1, 2, 3)).toBe(before);
  for (let mask = 0; mask < 16; mask++) {
    const at = [0, 1, 2, 3].filter((i) => mask & (1 << i));
    const expected = numbered((lines) => {
      if (!at.includes(3)) lines[39] = "LAST";
      if (!at.includes(2)) lines.splice(29, 3);
      if (!at.includes(1)) lines.splice(15, 0, "new a", "new b");
      if (!at.includes(0)) lines[4] = "FIVE";
    });
    expect(without(...at)).toBe(expected);
  }
});

describe("hunks apply to a text that was edited since", () => {
  const edited = (text: string, ...edits: [find: string, put: string][]) =>
    edits.reduce((now, [find, put]) => {
      expect(now).toContain(find);
      return now.replace(find, put);
    }, text);
  const turn = (current: string, from: number[], to: number[]) => {
    const base = textWithout(texts, hunks, pick(...from));
    const found = carryOver(base, splitLines(current), movesBetween(texts, hunks, { from: pick(...from), to: pick(...to) }));
    return found.ok ? found.lines.join("") : found.conflicts.map((id) => ids.indexOf(id));
  };
  test("from every selection to every other, on an unedited text", () => {
    const selections = Array.from({ length: 16 }, (_, mask) => [0, 1, 2, 3].filter((i) => mask & (1 << i)));
    for (const from of selections) for (const to of selections) expect(turn(without(...from), from, to)).toBe(without(...to));
  });
  test.each<[string, edits: [string, string][], from: number[], to: number[]]>([
    ["lines added above", [["line 1\n", "line 1\nmine\nmine too\n"]], [], [0, 1, 2, 3]],
    ["a changed line of the context", [["line 3\n", "mine\n"]], [], [0]],
    ["between two hunks", [["line 23\n", ""]], [], [1, 2]],
    ["below", [["line 34\n", "mine\n"]], [], [0, 1, 2]],
    ["and back again", [["line 23\n", "mine\n"]], [0, 1, 2, 3], [1]],
    [
      "several at once",
      [
        ["line 1\n", ""],
        ["line 11\n", "line 11\nmine\n"],
        ["line 25\n", "mine\n"],
      ],
      [0],
      [1, 2, 3],
    ],
  ])("%s: the edit stays", (_name, edits, from, to) => {
    expect(turn(edited(without(...from), ...edits), from, to)).toBe(edited(without(...to), ...edits));
  });
  test.each<[string, edits: [string, string][], from: number[], to: number[], conflicts: number[]]>([
    ["in the hunk", [["FIVE", "mine"]], [], [0, 1], [0]],
    ["right above it", [["line 4\n", "mine\n"]], [], [0], [0]],
    ["right below it", [["line 6\n", "line 6 mine\n"]], [], [0], [0]],
    ["within added lines", [["new a\n", "new a\nmine\n"]], [], [1, 3], [1]],
    ["where lines were removed", [["line 29\n", "line 29\nmine\n"]], [], [2], [2]],
    ["after the last line", [["LAST\n", "LAST\nmine\n"]], [], [3], [3]],
    ["in a rejected hunk that is restored", [["line 5\n", "mine\n"]], [0, 1], [1], [0]],
    [
      "in two of three",
      [
        ["FIVE", "mine"],
        ["LAST", "mine"],
      ],
      [],
      [0, 1, 3],
      [0, 3],
    ],
  ])("%s: does not fit", (_name, edits, from, to, conflicts) => {
    expect(turn(edited(without(...from), ...edits), from, to)).toEqual(conflicts);
  });
  test("skips hunks that were already applied by hand", () => {
    const byHand = edited(after, ["FIVE", "line 5"]);
    expect(turn(byHand, [], [0])).toBe(byHand);
    expect(turn(byHand, [], [0, 1])).toBe(without(0, 1));
    expect(turn(edited(after, ["new a\nnew b\n", ""]), [], [1])).toBe(without(1));
    expect(turn(edited(after, ["line 29\n", "line 29\nline 30\nline 31\nline 32\n"]), [], [2])).toBe(without(2));
  });
  test("reports a conflict for an unrelated text", () => {
    expect(turn("x\n".repeat(9000), [], [0])).toEqual([0]);
    expect(turn("", [], [0])).toEqual([0]);
  });
});

test.each([
  ["a\nb", "a\nc", "neither ends in a new line"],
  ["a\nb", "a\nb\n", "the end was added"],
  ["a\nb\n", "a\nb", "the final newline was removed"],
  ["a\r\nb\r\n", "a\r\nc\r\n", "CRLF"],
  ["", "a\n", "was empty"],
  ["a\n", "", "is empty"],
  ["\n\n\n", "\n\nx\n\n", "blank lines"],
])("%j → %j (%s): round trip", (one, two) => {
  const parsed = hunksOf(one, two);
  const both = { before: splitLines(one), after: splitLines(two) };
  const all = new Set(parsed.map((h) => h.id));
  expect(textWithout(both, parsed, all).join("")).toBe(one);
  const forth = carryOver(both.before, both.before, movesBetween(both, parsed, { from: all, to: new Set() }));
  expect(forth.ok && forth.lines.join("")).toBe(two);
});
