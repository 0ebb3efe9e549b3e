import { expect, test } from "vitest";
import { editCases, type EditCase } from "../testing/edit-noise.ts";
import { applyChunks, parsePatch, PatchError } from "./apply-patch.ts";
import { applyEdits } from "./edits.ts";

type Outcome = { kind: "applied"; text: string } | { kind: "refused"; reason: string };

/** What the two tools do with a file's text. */
function outcomeOf({ tool, text, edits, patch }: EditCase): Outcome {
  if (tool === "apply_patch") {
    try {
      const [operation] = parsePatch(patch);
      if (operation?.kind !== "update") return { kind: "refused", reason: "no update" };
      return { kind: "applied", text: applyChunks("f", text, operation.chunks) };
    } catch (error) {
      if (error instanceof PatchError) return { kind: "refused", reason: error.message };
      throw error;
    }
  }
  const made = applyEdits(text, edits);
  if (made.ok) return { kind: "applied", text: made.text };
  return { kind: "refused", reason: made.found.reason === "doubtful" ? made.found.doubt : made.found.reason };
}

interface Count {
  cases: number;
  right: number;
  refused: number;
  wrong: number;
}
const share = (part: number, whole: number): string => `${((part / whole) * 100).toFixed(1)} %`;

test("edits quoted as models quote them are applied correctly or refused with a reason, never applied wrongly", () => {
  const counts = new Map<string, Count>();
  const wrong: string[] = [];
  const cases = editCases();
  for (const one of cases) {
    const outcome = outcomeOf(one);
    const name = `${one.tool}: ${one.kind}${one.isRight ? "" : " (must be refused)"}`;
    const count = counts.get(name) ?? { cases: 0, right: 0, refused: 0, wrong: 0 };
    counts.set(name, count);
    count.cases++;
    if (outcome.kind === "refused") {
      count.refused++;
      expect(outcome.reason).not.toBe("");
    } else if (one.isRight?.(outcome.text)) count.right++;
    else {
      count.wrong++;
      wrong.push(`${name} (${one.source})`);
    }
  }
  const sum = (pick: (count: Count) => number): number => [...counts.values()].reduce((total, count) => total + pick(count), 0);
  const rows = [...counts].map(([name, c]) => [name, c.cases, c.right, c.refused, c.wrong].join(" | "));
  const possible = cases.filter((one) => one.isRight).length;
  process.stdout.write(
    [
      "case | number | right | refused | wrong",
      ...rows,
      `all | ${cases.length} | ${sum((c) => c.right)} (${share(
        sum((c) => c.right),
        possible,
      )} of the ${possible} that can be made) | ${sum((c) => c.refused)} | ${sum((c) => c.wrong)}`,
      "",
    ].join("\n"),
  );
  expect(wrong).toEqual([]);
  expect(cases.length).toBeGreaterThanOrEqual(240);
  expect(sum((c) => c.right) / possible).toBeGreaterThanOrEqual(0.88);
});
