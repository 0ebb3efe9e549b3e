import { randomUUID } from "node:crypto";
import { Type } from "typebox";
import { includedSteps, maxPlanSteps, mergeSteps, type PlanStore } from "../plan.ts";
import { defineTool, done, failed, type Tool } from "../tool.ts";
import { free } from "./gates.ts";

/** `update_plan` for the plan of one chat. */
export const updatePlan = (plans: PlanStore): Tool =>
  defineTool({
    name: "update_plan",
    category: "planning",
    description: "Set the steps of the plan and how far each is; at most one in_progress. Makes a plan if there is none.",
    parameters: Type.Object({
      plan: Type.Array(
        Type.Object({
          step: Type.String({ minLength: 1 }),
          status: Type.Union([Type.Literal("pending"), Type.Literal("in_progress"), Type.Literal("completed")]),
        }),
        { minItems: 1, maxItems: maxPlanSteps },
      ),
      explanation: Type.Optional(Type.String()),
    }),
    gate: free,
    async run({ plan: wanted, explanation }) {
      if (wanted.filter((step) => step.status === "in_progress").length > 1)
        return failed("Only one step can be in_progress.", { suggestion: "Mark the others pending or completed." });
      const plan = await plans.change((current) => ({
        task: current?.task ?? "",
        critical_files: current?.critical_files ?? [],
        steps: mergeSteps(current?.steps ?? [], wanted, randomUUID),
      }));
      const steps = includedSteps(plan);
      const count = (status: string): number => steps.filter((step) => step.status === status).length;
      const text = explanation?.trim();
      return done(text ? text.slice(0, 1_000) : `${count("completed")} of ${steps.length} steps done.`, {
        details: {
          step_count: steps.length,
          completed: count("completed"),
          in_progress: count("in_progress"),
          pending: count("pending"),
        },
      });
    },
  });
