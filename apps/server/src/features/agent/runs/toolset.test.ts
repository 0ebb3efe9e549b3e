import { allTools } from "@tesslate/agent";
import { expect, test } from "vitest";
import type { RunnableAgent } from "../agents/index.ts";
import { selectTools } from "./toolset.ts";

const on = { streaming: true, web_search: true, plan_mode: true, subagents: true, apply_patch: true };
const agent = (over: Partial<RunnableAgent> = {}): RunnableAgent => ({
  id: "a",
  slug: "a",
  name: "A",
  agent_type: "TesslateAgent",
  system_prompt: "x",
  tools: null,
  model: null,
  selected_model: null,
  is_closed: false,
  requires_user_keys: false,
  rates: null,
  creator_id: null,
  reasoning: null,
  features: on,
  tool_configs: null,
  subagents: [],
  ...over,
});
const graphTool = { ...allTools[0]!, name: "graph_start_all", category: "graph" as const };
const tools = [...allTools, graphTool];
const toolsetOf = (over: Partial<RunnableAgent>, viewContext: string | null = null) =>
  selectTools({ agent: agent(over), viewContext, tools });
const has = (over: Partial<RunnableAgent>, name: string, viewContext: string | null = null) => {
  const { names } = toolsetOf(over, viewContext);
  return names === null || names.includes(name);
};

test("agent type, view and feature switches decide which tools there are", () => {
  expect(has({}, "invoke_subagent")).toBe(true);
  expect(has({ agent_type: "IterativeAgent" }, "invoke_subagent")).toBe(false);
  expect(has({ features: { ...on, subagents: false } }, "invoke_subagent")).toBe(false);
  expect(has({ features: { ...on, apply_patch: false } }, "apply_patch")).toBe(false);
  expect(has({}, "apply_patch")).toBe(true);
  expect(has({}, "run_command")).toBe(true);
  expect(has({}, "run_command", "graph")).toBe(false);
  expect(has({}, "graph_start_all")).toBe(false);
  expect(has({}, "graph_start_all", "graph")).toBe(true);
  expect(has({ tools: ["read_file"] }, "graph_start_all", "graph")).toBe(true);
  expect(toolsetOf({ tools: ["read_file", "missing"] }).names).toEqual(["read_file"]);
  expect(toolsetOf({}, "graph").replaced["run_command"]).toContain("graph_shell_exec");
  expect(toolsetOf({}).replaced).toEqual({});
});

test("lists and settings with former names of tools still hold", () => {
  expect(toolsetOf({ tools: ["read_file", "patch_file", "multi_edit", "bash_exec"] }).names).toEqual([
    "read_file",
    "edit_file",
    "run_command",
    "command_output",
    "stop_command",
  ]);
  const { tools: described, prompt } = toolsetOf({
    tool_configs: { bash_exec: { description: "Harmless.", system_prompt: "Prefer npm." } },
  });
  expect(described.find((tool) => tool.name === "run_command")?.modelDescription).toBe("Harmless.");
  expect(prompt).toBe("# run_command\nPrefer npm.");
});

test("an agent's own tool descriptions reach the model, not the person who approves", () => {
  const tool_configs = {
    run_command: { description: "Harmless.", examples: ["npm test"], system_prompt: "Prefer npm." },
    missing: { system_prompt: "never used" },
    constructor: { description: "x" },
  };
  const toolset = toolsetOf({ tool_configs });
  const bash = toolset.tools.find((tool) => tool.name === "run_command")!;
  expect(bash.modelDescription).toBe("Harmless.\nExamples:\n- npm test");
  expect(bash.description).toContain("/bin/sh");
  expect(bash.gate).toEqual({ approval: true, plan_blocked: false, read_only: false });
  expect(toolset.prompt).toBe("# run_command\nPrefer npm.");
  expect(
    toolsetOf({ tool_configs: { run_command: { examples: "x" } as never } }).tools.find((tool) => tool.name === "run_command")!
      .modelDescription,
  ).toBeUndefined();
});
