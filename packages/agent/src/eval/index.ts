export { readSpec, ScriptedTurn, SpecError, type TaskSpec } from "./spec.ts";
export { runPrompt, type PromptResult, type PromptRun } from "./run-prompt.ts";
export { runSpec, type SpecOutcome, type SpecRun } from "./run-spec.ts";
export { scriptedModel } from "./scripted-model.ts";
