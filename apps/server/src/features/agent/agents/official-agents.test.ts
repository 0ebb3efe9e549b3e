import { allTools } from "@tesslate/agent";
import { expect, test } from "vitest";
import { defaultAgentSlug, officialAgents } from "./official-agents.ts";

test("all eleven official agents exist, each once", () => {
  const slugs = officialAgents.map((a) => a.slug);
  expect(new Set(slugs).size).toBe(slugs.length);
  expect(slugs.toSorted()).toEqual([
    "api-designer-oss", "api-integration-agent", "code-analyzer-oss", "db-schema-designer-oss", "doc-writer-oss", "react-agent", "react-component-builder",
    "refactor-assistant-oss", "stream-builder", "tesslate-agent", "test-generator-oss",
  ]); // prettier-ignore
  expect(slugs).toContain(defaultAgentSlug);
});

test.each(officialAgents.map((a) => [a.slug, a] as const))(
  "%s has its own prompt within the token budget, with the location, the edit mode and known tools",
  (_, agent) => {
    // Four characters are about one token; the fixed prompt may cost 3 000.
    expect(agent.system_prompt.length / 4).toBeLessThan(3_000);
    for (const placeholder of ["{project_path}", "{mode}", "{mode_instructions}"]) expect(agent.system_prompt).toContain(placeholder);
    const known = allTools.map((t) => t.name);
    for (const tool of agent.tools ?? []) expect(known).toContain(tool);
    expect(officialAgents.filter((a) => a.system_prompt === agent.system_prompt)).toHaveLength(1);
  },
);
