import { expect, test } from "vitest";
import { highlight, piecesOf } from "./highlight.ts";
import type { HunkLine } from "./review.ts";

const line = (kind: HunkLine["kind"], text: string): HunkLine => ({ kind, text, old: 1, now: 1 });

test("each side of a change is coloured by itself; plain text is not", async () => {
  const lines = [line("same", "const a = 1;"), line("del", "let b = `x"), line("add", 'let b = "y";'), line("same", "// end")];
  const colored = (await highlight("a.ts", lines))?.map((tokens, i) =>
    tokens.map(({ from, to, color }) => `${lines[i]?.text.slice(from, to)} ${/--syntax-(\w+)/.exec(color)?.[1]}`),
  );
  expect(colored?.[0]).toEqual(expect.arrayContaining(["const keyword", "1 number"]));
  // The unfinished template of the old side does not swallow the new one.
  expect(colored?.[1]).toContain("`x string");
  expect(colored?.[2]).toContain('"y" string');
  expect(colored?.[3]).toEqual(["// end comment"]);
  expect(await highlight("notes.txt", lines)).toBeUndefined();
  expect(await highlight("a.ts", [line("add", "x".repeat(70_000))])).toBeUndefined();
});

test("a line is cut where its colour or a mark begins or ends", () => {
  const tokens = [{ from: 0, to: 5, color: "red" }];
  expect(piecesOf("const a", tokens, [[3, 7]])).toEqual([
    { text: "con", color: "red", isMarked: false },
    { text: "st", color: "red", isMarked: true },
    { text: " a", color: undefined, isMarked: true },
  ]);
  expect(piecesOf("ab", [], [])).toEqual([{ text: "ab", color: undefined, isMarked: false }]);
  expect(piecesOf("", [], [])).toEqual([]);
});
