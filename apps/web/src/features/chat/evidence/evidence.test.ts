import { describe, expect, test } from "vitest";
import type { CheckOutcome, Evidence, VerifyReport } from "@tesslate/contract";
import { applyRunEvent, emptyRun } from "../run-events.ts";
import { checksText, evidenceText, findingsOf, isAllGood, proofsOf, stepsText, turnedRed } from "./evidence.ts";

const report = (more: Partial<VerifyReport> = {}): VerifyReport => ({
  title: "It greets",
  container: "web",
  path: "/",
  success: true,
  duration_ms: 900,
  steps: [{ what: "open /", status: "passed", duration_ms: 400 }],
  console_errors: [],
  failed_requests: [],
  blocked: [],
  accessibility: [],
  pictures: [],
  ...more,
});
const outcome = (status: CheckOutcome["status"]): CheckOutcome => ({
  status,
  exit_code: status === "passed" ? 0 : 1,
  duration_ms: 10,
  output: "",
});
let count = 0;
const evidence = (more: Partial<Evidence>): Evidence => ({
  id: String(++count),
  task_id: "t",
  message_id: "m",
  verify: null,
  checks: null,
  created_at: "2026-03-05T10:00:00Z",
  ...more,
});

describe("evidence", () => {
  test("in a few words it is the checks, or the steps of a run without checks", () => {
    const flows = [
      evidence({ verify: report({ success: false }) }),
      evidence({ verify: report() }),
      evidence({ verify: report({ title: "Other" }) }),
    ];
    expect(evidenceText(flows)).toBe("2 of 2 steps");
    const checks = {
      success: true,
      duration_ms: 1,
      checks: [{ name: "test" as const, container: null, command: "t", before: null, after: outcome("passed") }],
    };
    expect(evidenceText([...flows, evidence({ checks })])).toBe("1 of 1 check");
  });

  test("tries of the same thing are one proof, and the newest counts", () => {
    const bad = evidence({ verify: report({ success: false }) });
    const other = evidence({ verify: report({ title: "Other" }) });
    const good = evidence({ verify: report() });
    expect(proofsOf([bad, other, good])).toMatchObject([
      { evidence: { id: good.id }, earlier: [{ id: bad.id }] },
      { evidence: { id: other.id }, earlier: [] },
    ]);
    expect(isAllGood([bad, other, good])).toBe(true);
    expect(isAllGood([good, other, bad])).toBe(false);
  });
  test("green to red is reported", () => {
    const check = (before: CheckOutcome | null, after: CheckOutcome) => ({
      name: "test" as const,
      container: null,
      command: "npm run test",
      before,
      after,
    });
    expect(turnedRed(check(outcome("passed"), outcome("failed")))).toBe(true);
    expect(turnedRed(check(outcome("failed"), outcome("failed")))).toBe(false);
    expect(turnedRed(check(null, outcome("failed")))).toBe(false);
    expect(checksText([check(outcome("passed"), outcome("failed")), check(null, outcome("passed"))])).toBe(
      "1 of 2 checks passed, 1 newly failed",
    );
  });
  test("what is worth a look, in words", () => {
    expect(findingsOf(report())).toEqual([]);
    const found = findingsOf(
      report({
        console_errors: ["TypeError: x"],
        blocked: [{ host: "fonts.example", count: 2 }],
        accessibility: [{ id: "label", impact: "critical", help: "Fields need labels", count: 1, places: ["input"] }],
      }),
    );
    expect(found.map(({ title, isBad }) => [title, isBad])).toEqual([
      ["1 console error", true],
      ["1 accessibility finding, 1 serious", true],
      ["1 external host blocked", false],
    ]);
    expect(stepsText(report())).toBe("1 of 1 step");
  });
  test("an event adds it to its run, once", () => {
    const data = evidence({ verify: report() });
    const event = { taskId: "t", at: undefined, type: "evidence_added", data };
    const run = applyRunEvent(applyRunEvent(emptyRun("t", "c"), { ...event, seq: 1 }), { ...event, seq: 2 });
    expect(run.evidence).toEqual([data]);
    expect(run.parts).toEqual([]);
  });
});
