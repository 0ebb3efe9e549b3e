import type { WorkflowTemplate } from "@tesslate/contract";
import templates from "./workflows.json" with { type: "json" };

export const workflows = templates as unknown as readonly WorkflowTemplate[];
