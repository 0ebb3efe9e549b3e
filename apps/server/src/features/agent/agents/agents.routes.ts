import { agentsRoutes } from "@tesslate/contract";
import type { Mount } from "../../../http/mount.ts";
import type { ToolCatalogue } from "./tool-catalogue.ts";

export function mountAgents(mount: Mount, { catalogue }: { catalogue: ToolCatalogue }): void {
  mount("agents", agentsRoutes, {
    tools: (_, { query }) => catalogue.list(query),
  });
}
