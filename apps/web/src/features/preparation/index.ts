export { failedNames, summaryOf, type PreparationSummary } from "./preparation.ts";
export { usePreparation } from "./use-preparation.ts";
export { usePreparationActions } from "./use-preparation-actions.ts";
