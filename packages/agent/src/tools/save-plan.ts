import { randomUUID } from "node:crypto";
import { Type } from "typebox";
import { maxPlanSteps, mergeSteps, stepLine, planMarkdown, type PlanStore } from "../plan.ts";
import { defineTool, done, type Tool } from "../tool.ts";
import { free } from "./gates.ts";

/** `save_plan` for the plan of one chat. */
export const savePlan = (plans: PlanStore): Tool =>
  defineTool({
    name: "save_plan",
    category: "planning",
    description: "Record the plan as steps the person can edit, untick and build from. Replaces the plan of this chat.",
    parameters: Type.Object({
      task: Type.Optional(Type.String({ description: "The goal in one sentence" })),
      steps: Type.Array(Type.Object({ step: Type.String({ minLength: 1 }), status: Type.Optional(Type.Literal("pending")) }), {
        minItems: 1,
        maxItems: maxPlanSteps,
      }),
      critical_files: Type.Array(Type.String(), { maxItems: 20 }),
    }),
    gate: free,
    async run({ task, steps, critical_files }) {
      const plan = await plans.change(() => ({
        task: (task ?? "").trim().slice(0, 2_000),
        steps: mergeSteps(
          [],
          steps.map(({ step }) => ({ step, status: "pending" as const })),
          randomUUID,
        ),
        critical_files: critical_files.map(stepLine).filter((path) => path !== ""),
      }));
      return done(`Plan ${plan.name} saved.`, {
        content: planMarkdown(plan),
        details: { plan_name: plan.name, step_count: plan.steps.length, critical_files: plan.critical_files },
      });
    },
  });
