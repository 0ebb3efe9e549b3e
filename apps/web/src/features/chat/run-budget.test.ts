import { describe, expect, test } from "vitest";
import { contextPercent, isPaused } from "./run-budget.ts";
import { applyRunEvent, emptyRun } from "./run-events.ts";

const play = (...events: [type: string, data: object][]) =>
  events.reduce(
    (run, [type, data], index) => applyRunEvent(run, { taskId: "t", seq: index + 1, at: undefined, type, data }),
    emptyRun("t", "c"),
  );
const used = (purpose: string, tokens_in: number) =>
  ["credits_used", { cost_total_cents: 1, credits_deducted: 0, new_balance: null, usage_log_id: null, is_byok: false, tokens_in, tokens_out: 100, purpose, context_window: 10_000 }] as [string, object]; // prettier-ignore
const ended = (completion_reason: string, more: object = {}): [string, object] => [
  "complete",
  {
    success: false,
    iterations: 3,
    final_response: "Half an answer.\n\nPaused at the limit of $0.05 per run.",
    tool_calls_made: 1,
    completion_reason,
    ...more,
  },
];

describe("the window's meter", () => {
  test("follows the run's own turns, not its sub-agents or summaries", () => {
    expect(contextPercent(play())).toBeUndefined();
    expect(contextPercent(play(used("turn", 4_900)))).toBe(50);
    expect(contextPercent(play(used("turn", 4_900), used("subagent", 900), used("compaction", 8_000)))).toBe(50);
  });
  test("takes the run's last word", () => {
    const stats = {
      cost_cents: 5,
      cost_limit_cents: 5,
      iterations: 3,
      iteration_limit: null,
      tokens_in: 9,
      tokens_out: 1,
      duration_ms: 1,
      context_used: 9_300,
      context_window: 10_000,
    };
    expect(contextPercent(play(used("turn", 10), ended("resource_limit_exceeded", { resource_stats: stats })))).toBe(93);
  });
});

test("a run that a cap stopped is paused and says so; a cancelled or finished one is not", () => {
  const paused = play(ended("resource_limit_exceeded"));
  expect([isPaused(paused), paused.ending]).toEqual([true, "Paused at the limit of $0.05 per run."]);
  for (const reason of ["max_iterations", "credits_exhausted"]) expect(isPaused(play(ended(reason)))).toBe(true);
  for (const reason of ["cancelled", "error", "no_more_actions"]) expect(isPaused(play(ended(reason)))).toBe(false);
});

test("a notice stands among the run's parts", () => {
  expect(play(["notice", { level: "warning", message: "Another model answers." }]).parts).toMatchObject([
    { kind: "notice", level: "warning", message: "Another model answers." },
  ]);
});
