import { ToolFailure, type Tool } from "@tesslate/agent";
import type { FeatureTools } from "../runs/index.ts";
import { canvasTools } from "./canvas.tools.ts";
import { createGraphAccess, type GraphAccess, type GraphServices } from "./graph-access.ts";
import { lifecycleTools } from "./lifecycle.tools.ts";
import { terminalTools } from "./terminal.tools.ts";

const graphTools = (access: GraphAccess, opened: Set<string>): Tool[] => [
  ...lifecycleTools(access),
  ...canvasTools(access),
  ...terminalTools(access, opened),
];

/** Provides the tools to runs in the graph view. Terminals that a run opened are closed with it. */
export function createGraphTools(services: GraphServices): FeatureTools {
  return {
    provideTools: async (run) => {
      if (run.view_context !== "graph") return { tools: [] };
      const opened = new Set<string>();
      return {
        tools: graphTools(
          createGraphAccess(services, () => run),
          opened,
        ),
        close: async () => {
          await Promise.allSettled([...opened].map((id) => services.shell.remove(run.user_id, id)));
        },
      };
    },
    tools: graphTools(createGraphAccess(services, notInARun), new Set()),
  };
}

function notInARun(): never {
  throw new ToolFailure("This tool only works in a run.");
}
