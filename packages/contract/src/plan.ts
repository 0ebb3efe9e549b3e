import { described, Literals, Timestamp, Type, Uuid, type Static } from "./schema.ts";

export const StepStatus = Literals("pending", "in_progress", "completed");
export const Todo = described(
  "An entry of the agent's to-do list.",
  Type.Object({
    id: Type.String(),
    content: Type.String(),
    status: StepStatus,
    priority: Literals("high", "medium", "low"),
    created_at: Type.String(),
  }),
);
export type Todo = Static<typeof Todo>;
export const PlanStep = described(
  "A step of a plan. A step that is not included stays in the plan and is not built.",
  Type.Object({ id: Uuid, step: Type.String(), status: StepStatus, is_included: Type.Boolean() }),
);
export type PlanStep = Static<typeof PlanStep>;
export const Plan = described(
  "The plan of a chat. `version` grows with every change and is its ETag.",
  Type.Object({
    chat_id: Uuid,
    name: described("Three words joined by `_`", Type.String()),
    task: Type.String(),
    steps: Type.Array(PlanStep),
    critical_files: Type.Array(Type.String()),
    version: Type.Integer(),
    created_at: Timestamp,
    updated_at: Timestamp,
  }),
);
export type Plan = Static<typeof Plan>;
