import type { WorkflowTemplate } from "@tesslate/contract";
import templates from "./workflows.json" with { type: "json" };

/** marketplace-billing-admin 11.5. */
export const workflows = templates as unknown as readonly WorkflowTemplate[];
