import type { DeploymentStep } from "@tesslate/contract";

/** Steps as a person counts them; the server's finer ones lie within. */
export const shownSteps = ["prepare", "build", "gate", "upload", "live"] as const;
export type ShownStep = (typeof shownSteps)[number];

/** Which of the shown steps a step of the server belongs to. */
export const shownStepOf: Record<DeploymentStep, ShownStep> = {
  prepare: "prepare",
  install: "build",
  build: "build",
  collect: "build",
  smoke: "gate",
  gate: "gate",
  upload: "upload",
  provider: "live",
};
