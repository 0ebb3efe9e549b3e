import type { Tool } from "@tesslate/agent";
import type { AgentTool, List } from "@tesslate/contract";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import { featureOfTool } from "./agents.features.ts";

/** A tool without its implementation. */
export type ToolSummary = Pick<Tool, "name" | "category" | "description" | "parameters" | "gate">;

export type ToolCatalogue = ReturnType<typeof createToolCatalogue>;
/** The tools that the agent editor offers. The first tool of a name wins. */
export function createToolCatalogue(tools: readonly ToolSummary[]) {
  const byName = new Map(tools.toReversed().map((tool) => [tool.name, tool]));
  const items = [...byName.values()].toReversed().map((tool): AgentTool => ({
    name: tool.name,
    category: tool.category,
    description: tool.description,
    parameters: JSON.parse(JSON.stringify(tool.parameters)) as Record<string, unknown>,
    needs_approval: tool.gate.approval,
    plan_blocked: tool.gate.plan_blocked,
    feature: featureOfTool(tool.name),
    view: tool.category === "graph" ? "graph" : "any",
  }));
  return {
    list: async (query: PageQuery): Promise<List<AgentTool>> => {
      const page = pageOf(query);
      return page.envelope(items.slice(page.offset, page.offset + page.limit), items.length);
    },
  };
}
