import type { PlanStep } from "@tesslate/contract";

/** Of the ticked steps: how many, done, still to do. */
export const planCounts = (steps: readonly PlanStep[]): { included: number; done: number; toDo: number } => {
  const included = steps.filter((step) => step.is_included);
  const done = included.filter((step) => step.status === "completed").length;
  return { included: included.length, done, toDo: included.length - done };
};
