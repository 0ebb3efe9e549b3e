import type { PlanStep } from "@tesslate/contract";

/** Number of selected steps, and how many of them are done and to do. */
export const planCounts = (steps: readonly PlanStep[]): { included: number; done: number; toDo: number } => {
  const included = steps.filter((step) => step.is_included);
  const done = included.filter((step) => step.status === "completed").length;
  return { included: included.length, done, toDo: included.length - done };
};
