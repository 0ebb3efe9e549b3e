import { expect, test } from "vitest";
import { addressIn, describeStep, looksOnly, type VerifyStepInput } from "./steps.ts";

const origin = "http://app.preview.localhost:8000";

test.each(["/", "about?x=1", "/a#b", `${origin}/x`])("%s is opened", (path) => {
  expect(addressIn(origin, path).origin).toBe(origin);
});
test.each([
  "http://127.0.0.1:8000/", "//evil.example/", "\\\\evil.example/", "https://app.preview.localhost:8000/", "http://app.preview.localhost/", "file:///etc/passwd",
  "javascript:alert(1)", "data:text/html,x", "view-source:http://app.preview.localhost:8000/", "http://[",
])("%s is refused as outside the app", (path) => {
  expect(() => addressIn(origin, path)).toThrow("Only paths of the app");
}); // prettier-ignore

test.each<[VerifyStepInput, string]>([
  [{ action: "navigate" }, "open /"],
  [{ action: "click", role: "button", name: "Save" }, 'click the button "Save"'],
  [{ action: "fill", label: "Name", value: "secret" }, 'fill the field "Name"'],
  [{ action: "press", value: "Enter", css: "#q" }, "press Enter in #q"],
  [{ action: "select", label: "Size", value: "L" }, 'select "L" in the field "Size"'],
  [{ action: "expect_text", text: "Hi", role: "status" }, 'expect the text "Hi" in the status'],
  [{ action: "wait_for", text: "Ready" }, 'wait for "Ready"'],
  [{ action: "screenshot", value: "Done" }, 'screenshot "Done"'],
  [{ action: "viewport", width: 390 }, "window of 390 × 800"],
])("%o is described", (step, words) => {
  expect(describeStep(step)).toBe(words);
});

test("looksOnly is true for read-only steps only", () => {
  expect(looksOnly([{ action: "navigate" }, { action: "expect_text", text: "x" }, { action: "screenshot" }, { action: "viewport" }])).toBe(
    true,
  );
  for (const action of ["click", "fill", "press", "select"] as const) expect(looksOnly([{ action: "screenshot" }, { action }])).toBe(false);
});
