export { readSpec, SpecError, type TaskSpec } from "./spec.ts";
export { runSpec, type SpecOutcome, type SpecRun } from "./run-spec.ts";
export { scriptedModel } from "./scripted-model.ts";
