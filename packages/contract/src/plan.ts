import { Literals, Timestamp, Type, Uuid, type Static } from "./schema.ts";

export const StepStatus = Literals("pending", "in_progress", "completed");
/** An entry of the agent's to-do list (agent-git-deploy 4.12). */
export const Todo = Type.Object({
  id: Type.String(),
  content: Type.String(),
  status: StepStatus,
  priority: Literals("high", "medium", "low"),
  created_at: Type.String(),
});
export type Todo = Static<typeof Todo>;
/** A step; `is_included` is its tick: what is unticked stays in the plan and is not built. */
export const PlanStep = Type.Object({ id: Uuid, step: Type.String(), status: StepStatus, is_included: Type.Boolean() });
export type PlanStep = Static<typeof PlanStep>;
/** The plan of a chat (agent-git-deploy 4.12). `version` grows with every change and is the entity tag. */
export const Plan = Type.Object({
  chat_id: Uuid,
  /** Three words joined by `_`. */
  name: Type.String(),
  task: Type.String(),
  steps: Type.Array(PlanStep),
  critical_files: Type.Array(Type.String()),
  version: Type.Integer(),
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type Plan = Static<typeof Plan>;
