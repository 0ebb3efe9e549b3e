import { agentsRoutes } from "@tesslate/contract";
import type { Mount } from "../../http/mount.ts";
import type { Agents } from "./agents.service.ts";
import type { ToolCatalogue } from "./tool-catalogue.ts";

/** agent-git-deploy 10, marketplace-billing-admin 4.1. */
export function mountAgents(mount: Mount, { agents, catalogue }: { agents: Agents; catalogue: ToolCatalogue }): void {
  mount("agents", agentsRoutes, {
    tools: (_, { query }) => catalogue.list(query),
    library: ({ user }, { query }) => agents.library(user.id, query),
  });
}
