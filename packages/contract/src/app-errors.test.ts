import { expect, test } from "vitest";
import { crashError, fixRequest, isFailureReport } from "./app-errors.ts";

test.each([
  [true, { kind: "error", message: "TypeError: x" }],
  [false, { kind: "error", message: "ResizeObserver loop completed with undelivered notifications." }],
  [true, { kind: "console", message: "TypeError: x\n    at App (src/App.tsx:1:2)" }],
  [false, { kind: "console", message: "Warning: Each child in a list should have a key.\n    at App" }],
  [false, { kind: "console", message: "Could not load prices" }],
  [false, { kind: "request", message: "GET /api returned 500" }],
])("is a failure: %s, %j", (is, report) => expect(isFailureReport(report)).toBe(is));

test("a crash is named by the error in its output, with its place in the project and plain lines", () => {
  const lastLines = ["\u001b[31mTypeError: x\u001b[0m", "    at file:///app/api/src/a.js:3:5", "Node.js v24"];
  expect(crashError({ container: "api", directory: "api", reason: "Exited with code 1.", lastLines })).toEqual({
    message: "TypeError: x",
    place: "api/src/a.js:3:5",
    stack: "TypeError: x\n    at file:///app/api/src/a.js:3:5\nNode.js v24",
    container: "api",
  });
  expect(crashError({ container: "api", directory: ".", reason: "Exited with code 1.", lastLines: [] }).message).toBe(
    "Exited with code 1.",
  );
});

test("the message is one short line; everything else is in the details, of at most five errors", () => {
  const { message, details } = fixRequest(
    Array.from({ length: 9 }, (_, index) => ({
      message: `Error ${index}\nsecond line`,
      place: "a.ts:1",
      stack: "s".repeat(9_000),
      count: 2,
    })),
  );
  expect(message).toBe("Fix the error: Error 0 at a.ts:1 (and 8 more)");
  expect(details.length).toBeLessThanOrEqual(9_000);
  expect(details).toContain("(at a.ts:1), 2 times");
  expect(fixRequest([{ message: "x".repeat(1_000) }]).message.length).toBeLessThan(250);
});
