import { describe, expect, test } from "vitest";
import { applyEdits } from "./edits.ts";

const text = "a\nb\nc\nd\ne\nf\n";
const edit = (search: string, replace: string) => ({ search, replace });

describe("applyEdits", () => {
  test("a later edit sees what an earlier one wrote", () => {
    expect(applyEdits(text, [edit("b\n", "B\n"), edit("B\nc", "B\nC")])).toMatchObject({ ok: true, text: "a\nB\nC\nd\ne\nf\n" });
  });

  test("a later edit that quotes lines changed by an earlier one is applied where they do not overlap", () => {
    const edits = [edit("a\nb\nc\nd", "a\nB1\nB2\nB3\nc\nd"), edit("b\nc\nd\ne", "b\nc\nd\nE")];
    expect(applyEdits(text, edits)).toMatchObject({
      ok: true,
      text: "a\nB1\nB2\nB3\nc\nd\nE\nf\n",
      applied: [
        { index: 0, method: "exact" },
        { index: 1, method: "exact" },
      ],
    });
  });

  test("edits that change the same line, or adjacent lines, are refused with the one that failed", () => {
    const first = edit("a\nb\nc\nd", "a\nB1\nB2\nB3\nc\nd");
    for (const second of [edit("a\nb\nc", "a\nX\nY\nZ\nc"), edit("b\nc\nd", "b\nC\nd")])
      expect(applyEdits(text, [first, second])).toMatchObject({ ok: false, index: 1 });
  });

  test("nothing is changed when one edit is not found", () => {
    expect(applyEdits(text, [edit("a", "A"), edit("nowhere at all", "x")])).toMatchObject({
      ok: false,
      index: 1,
      found: { reason: "not_found" },
    });
  });

  test("edits of very many lines that do not apply in order fail within limits", () => {
    const lines = (word: string, count: number): string => Array.from({ length: count }, (_, index) => `${word} ${index}\n`).join("");
    const first = edit(lines("old", 30_000), lines("new", 30_000));
    expect(applyEdits(`${lines("old", 30_000)}end\n`, [first, edit("old 29999\nend\n", "END\n")])).toMatchObject({ ok: false, index: 1 });
  });
});
