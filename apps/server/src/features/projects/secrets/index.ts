export { createOutputFilter } from "./output-filter.ts";
export { createRedactions, type LiveRedactor, type Redactions } from "./redactions.ts";
export { createRedactor, createValueFinder, hiddenValues, type Redactor, type ValueFinder } from "./redactor.ts";
export { mountSecrets } from "./secrets.routes.ts";
export { createSecrets, type Secrets } from "./secrets.service.ts";
export { createSecretsStore, type SecretsStore } from "./secrets.store.ts";
export { requestSecretTool } from "./secrets.tool.ts";
export { createSecretVault, secretAad, type SecretVault } from "./secrets.vault.ts";
