import { Type } from "typebox";
import { defineTool, done } from "../tool.ts";
import { reads } from "./gates.ts";

export const getProjectInfo = defineTool({
  name: "get_project_info",
  category: "project_management",
  description: "The project's name, containers, ports and connections.",
  parameters: Type.Object({}),
  gate: reads,
  async run(_params, context) {
    const { id, name, description, owner_id, created_at, updated_at, ...rest } = await context.getProjectInfo();
    return done(`Project ${name}.`, { id, name, description, ...rest, details: { owner_id, created_at, updated_at } });
  },
});
