import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Outcome } from "./outcome.ts";
import { reported, summary, tableLines, tableTotals, writeReport } from "./report.ts";

const outcome: Outcome = {
  name: "todo-list",
  title: "A to-do list",
  checks: [
    { kind: "build", name: "The build succeeds", status: "passed", ms: 1 },
    { kind: "browser", name: "A | B", status: "failed", detail: "not\nthere", ms: 1 },
  ],
  ended: "no_more_actions",
  steps: 3,
  tokens_in: 1_000_000,
  tokens_cached: 400_000,
  tokens_out: 100_000,
  run_ms: 1500,
  ms: 2500,
};
const prices = { input: 1, cached: 0.1, output: 10 };

test("cached input has its own price, and one failed check fails the task", () => {
  const result = reported(outcome, prices);
  expect(result.cost).toBeCloseTo(0.6 + 0.04 + 1);
  expect(result).toMatchObject({ passed: false, pass_rate: 0.5 });
});

test("a task without checks has not passed", () => {
  expect(reported({ ...outcome, checks: [] }, prices)).toMatchObject({ passed: false, pass_rate: 0 });
});

test("the table names the checks that did not pass, and ends with the sums", () => {
  const result = reported(outcome, prices);
  expect(tableLines(result).map((line) => line.replaceAll(/\s+/g, " ").trim())).toEqual([
    "todo-list FAIL 1/2 3 1000000 400000 100000 1.6400 2.5",
    "failed: A | B: not there",
  ]);
  expect(tableTotals([result, result]).replaceAll(/\s+/g, " ")).toBe("total 0/2 2/4 6 2000000 800000 200000 3.2800 5.0");
  expect(summary([result, result])).toBe("0 passed, 2 failed, 50% of 4 checks passed");
});

test("the report is written as JSON and Markdown", async () => {
  const dir = await mkdtemp(join(tmpdir(), "report-"));
  try {
    const startedAt = new Date("2026-01-01T00:00:00Z");
    await writeReport(dir, { model: "some/model", startedAt, outcomes: [reported(outcome, prices)] });
    const json = JSON.parse(await readFile(join(dir, "report.json"), "utf8")) as unknown;
    expect(json).toMatchObject({
      model: "some/model",
      passed: 0,
      tasks: 1,
      pass_rate: 0.5,
      outcomes: [{ name: "todo-list", tokens_cached: 400_000 }],
    });
    const markdown = await readFile(join(dir, "report.md"), "utf8");
    expect(markdown).toContain("| todo-list | FAIL | 1/2 | 3 | 1000000 | 400000 | 100000 | 1.6400 | 2.5 |");
    expect(markdown).toContain(String.raw`| A \| B | failed | not there |`);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
