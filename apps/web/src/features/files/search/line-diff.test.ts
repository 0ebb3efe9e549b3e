import { expect, test } from "vitest";
import { lineDiff } from "./line-diff.ts";

const brief = (before: string, after: string) =>
  lineDiff(before, after).map((line) =>
    `${{ same: " ", add: "+", del: "-", gap: "…" }[line.kind]}${line.line ?? ""} ${line.text}`.trimEnd(),
  );

test("a changed line with what stands around it", () => {
  expect(brief("a\nb\nc", "a\nB\nc")).toEqual([" 1 a", "-2 b", "+2 B", " 3 c"]);
});
test("far-away lines are left out", () => {
  const lines = Array.from({ length: 30 }, (_, index) => `l${index}`);
  const changed = lines.with(2, "x").with(25, "y");
  const shown = brief(lines.join("\n"), changed.join("\n"));
  expect(shown).toContain("…");
  expect(shown.filter((line) => line === "…")).toHaveLength(1);
  expect(shown).toHaveLength(7 + 1 + 8);
});
test("equal texts: nothing", () => expect(brief("a\nb", "a\nb")).toEqual([]));
test("inserted and removed", () => expect(brief("a\nb", "b\nc")).toEqual(["-1 a", " 1 b", "+2 c"]));
test("texts with nothing in common are replaced as a whole, however long", () => {
  const text = (name: string) => Array.from({ length: 3_000 }, (_, index) => `${name}${index}`).join("\n");
  const lines = lineDiff(text("a"), text("b"));
  expect(lines).toHaveLength(6_000);
  expect([lines[0], lines.at(-1)]).toEqual([
    { kind: "del", line: 1, text: "a0" },
    { kind: "add", line: 3_000, text: "b2999" },
  ]);
});
