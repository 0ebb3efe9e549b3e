import { Type } from "typebox";
import { expect, test } from "vitest";
import { gateOf } from "./execute-call.ts";
import { defineTool, done } from "./tool.ts";

const plain = defineTool({
  name: "touch",
  category: "browser",
  description: "",
  parameters: Type.Object({ isQuiet: Type.Optional(Type.Boolean()) }),
  gate: { approval: true, plan_blocked: true, read_only: false },
  run: async () => done("ok"),
});
const byCall = defineTool({
  ...plain,
  gateOf: ({ isQuiet }) => ({ approval: !isQuiet, plan_blocked: !isQuiet, read_only: false }),
});

test.each([
  ["the tool's gate", plain, { isQuiet: true }, "ask", "refuse"],
  ["the call's gate, strict", byCall, {}, "ask", "refuse"],
  ["the call's gate, open", byCall, { isQuiet: true }, "run", "run"],
])("%s", (_what, tool, parameters, inAskMode, inPlanMode) => {
  expect(gateOf(tool, parameters, "ask", new Set())).toBe(inAskMode);
  expect(gateOf(tool, parameters, "plan", new Set(["touch"]))).toBe(inPlanMode);
  expect(gateOf(tool, parameters, "ask", new Set(["touch"]))).toBe("run");
  expect(gateOf(tool, parameters, "allow", new Set())).toBe("run");
});
