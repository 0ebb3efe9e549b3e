import { expect, test } from "vitest";
import { appFailure } from "./app-failure.ts";
import { noReports, reportsReducer, type ReportAction } from "./problems.ts";

const at = "2026-03-05T10:00:00Z";
const error = (message: string, kind: "error" | "console" | "request" = "error"): ReportAction => ({
  type: "report",
  seq: 1,
  at,
  report: { container_id: "k", kind, level: "error", message, status: 500, source: "http://h/src/App.tsx", line: 3, column: 5 },
});
const play = (...actions: ReportAction[]) => actions.reduce(reportsReducer, noReports);
const crash = {
  container: { name: "web", directory: "." },
  exitCode: 1,
  message: "Exited with code 1.",
  lastLines: ["ReferenceError: port is not defined", "    at file:///app/server.js:3:5"],
  at,
  restarts: 2,
};

test("the newest error of the page, with its place, time, count and how many more there are", () => {
  const failure = appFailure("running", undefined, play(error("TypeError: a"), error("TypeError: b\nmore"), error("TypeError: b\nmore")));
  expect(failure).toMatchObject({ kind: "error", message: "TypeError: b", place: "src/App.tsx:3:5", at, count: 2, more: 1 });
  expect(failure?.request.message).toBe("Fix the error: TypeError: b at src/App.tsx:3:5 (and 1 more)");
});
test("a crash, with the first line of its error and how often it happened", () => {
  expect(appFailure("crashed", crash, noReports)).toMatchObject({
    kind: "crash",
    title: "web crashed (exit 1)",
    message: "ReferenceError: port is not defined",
    place: "server.js:3:5",
    count: 3,
  });
});
test("none for log lines and failed requests, a page that was loaded again, and an app that does not run", () => {
  expect(appFailure("running", undefined, play(error("Could not load", "console"), error("", "request")))).toBeUndefined();
  expect(appFailure("running", undefined, play(error("TypeError: a"), { type: "restarted" }))).toBeUndefined();
  expect(appFailure("stopped", crash, play(error("TypeError: a")))).toBeUndefined();
});
