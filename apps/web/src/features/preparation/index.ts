export { failedNames, summaryOf } from "./preparation.ts";
export { usePreparation } from "./use-preparation.ts";
