export { CapField } from "./CapField.tsx";
export { estimateSentence } from "./costs.ts";
export { modelFacts } from "./model-facts.ts";
export { ModelMenu } from "./ModelMenu.tsx";
export { ModelNotice } from "./ModelNotice.tsx";
export { type ModelSetup, modelSetupQuery, modelsQuery } from "./models.queries.ts";
export { ConnectModelDialog, OwnKeyDialog } from "./on-demand.ts";
export { reasoningLabels } from "./reasoning-levels.ts";
export { useModelChoice } from "./use-model-choice.ts";
