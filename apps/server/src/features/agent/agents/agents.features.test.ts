import { expect, test } from "vitest";
import { effectiveFeatures, featureOfTool } from "./agents.features.ts";

const all = { streaming: true, web_search: true, plan_mode: true, subagents: true, apply_patch: true };

test.each([
  [all, null, all],
  [all, { features: { subagents: false, apply_patch: "no", other: false } }, { ...all, subagents: false }],
  [{ ...all, streaming: false }, { features: { streaming: true } }, all],
  [
    { ...all, web_search: false },
    { features: null, model: "x" },
    { ...all, web_search: false },
  ],
])("the agent's setting overrides the server's: %j %j", (server, config, expected) =>
  expect(effectiveFeatures(server, config)).toEqual(expected),
);

test("featureOfTool returns the feature that a tool needs", () =>
  expect(["web_fetch", "update_plan", "invoke_subagent", "apply_patch", "read_file"].map(featureOfTool)).toEqual([
    "web_search",
    "plan_mode",
    "subagents",
    "apply_patch",
    null,
  ]));
