import { describe, expect, test } from "vitest";
import type { PreviewReport } from "@tesslate/contract";
import { appErrorOf, currentProblems, noReports, sourceLocation, reportsReducer, type ReportAction } from "./problems.ts";
import { fixRequest } from "@tesslate/contract/app-errors";

const report = (over: Partial<PreviewReport>, seq = 1): ReportAction => ({
  type: "report",
  seq,
  at: "2026-03-05T10:00:00Z",
  report: { container_id: "k", kind: "error", ...over },
});
const play = (...actions: ReportAction[]) => actions.reduce(reportsReducer, noReports);
const thrown = {
  message: "x is not a function",
  source: "http://h:1/src/App.tsx?t=17",
  line: 12,
  column: 5,
  stack: "TypeError: x\n  at App",
};

describe("problems", () => {
  test("an error with its place; the same again is counted", () => {
    const state = play(report(thrown), report(thrown, 2), report({ ...thrown, line: 13 }, 3));
    expect(currentProblems(state).map((problem) => `${problem.count} ${problem.place}`)).toEqual([
      "2 src/App.tsx:12:5",
      "1 src/App.tsx:13:5",
    ]);
  });
  test.each([
    [{ kind: "request" as const, method: "POST", url: "/api/x", status: 500 }, "POST /api/x returned 500"],
    [{ kind: "request" as const, url: "/api/x", status: 0 }, "GET /api/x failed"],
    [{ kind: "console" as const, level: "error" as const, message: "boom" }, "boom"],
  ])("%j is one", (over, message) => expect(play(report(over)).problems.map((problem) => problem.message)).toEqual([message]));
  test.each([
    { kind: "request" as const, status: 204 },
    { kind: "console" as const, level: "log" as const, message: "hi" },
    { kind: "navigation" as const, url: "/x" },
  ])("%j is none", (over) => expect(play(report(over)).problems).toEqual([]));
  test("an error in a container's output, with where it came from; a new page makes it old", () => {
    const log = (at: string): ReportAction => ({
      type: "log",
      at,
      containerName: "api",
      problem: {
        container_id: "k",
        message: "\u001b[31mTypeError: x\u001b[0m",
        place: "src/a.ts:3:5",
        lines: ["\u001b[31mTypeError: x\u001b[0m", "    at f"],
      },
    });
    const state = play(log("2026-03-05T10:00:00Z"), log("2026-03-05T10:00:01Z"));
    expect(currentProblems(state)).toMatchObject([
      { kind: "log", source: "api", message: "TypeError: x", place: "src/a.ts:3:5", stack: "TypeError: x\n    at f", count: 2 },
    ]);
    expect(fixRequest(state.problems.map(appErrorOf))).toEqual({
      message: "Fix the error: TypeError: x at src/a.ts:3:5",
      details: expect.stringContaining("TypeError: x (in the output of api, at src/a.ts:3:5), 2 times"),
    });
    expect(currentProblems(reportsReducer(state, report({ kind: "navigation", url: "/" })))).toEqual([]);
  });
  test("a new page makes what was before old; happening again makes it new", () => {
    const before = play(report(thrown), report({ kind: "navigation", url: "/about" }));
    expect(currentProblems(before)).toEqual([]);
    expect(before.path).toBe("/about");
    expect(currentProblems(reportsReducer(before, report(thrown))).map((problem) => problem.count)).toEqual([1]);
  });
  test("the console keeps its last 500 lines", () => {
    const state = Array.from({ length: 600 }, (_, seq) => report({ kind: "console", level: "log", message: `m${seq}` }, seq)).reduce(
      reportsReducer,
      noReports,
    );
    expect(state.console).toHaveLength(500);
    expect(state.console[0]?.text).toBe("m100");
  });
});

test("the stack is in the details of the message to the agent, not in its text", () => {
  const { message, details } = fixRequest(play(report(thrown)).problems.map(appErrorOf));
  expect(message).toBe("Fix the error: x is not a function at src/App.tsx:12:5");
  expect(details).toContain("TypeError: x\n  at App");
});
test.each([
  ["http://h/src/App.tsx?v=1", 3, 4, "src/App.tsx:3:4"],
  ["/app/src/main.ts", 3, undefined, "src/main.ts:3"],
  [undefined, 3, 4, undefined],
])("%s %s %s is %s", (source, line, column, place) => expect(sourceLocation(source, line, column)).toBe(place));
