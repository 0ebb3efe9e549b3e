export { createOutputFilter, type OutputFilter } from "./output-filter.ts";
export { createRedactions, type LiveRedactor, type Redactions } from "./redactions.ts";
export { hiddenValues, type Redactor } from "./redactor.ts";
export { mountSecrets } from "./secrets.routes.ts";
export { createSecrets } from "./secrets.service.ts";
export { createSecretsStore } from "./secrets.store.ts";
export { requestSecretTool } from "./secrets.tool.ts";
export { createSecretVault, secretPlace } from "./secrets.vault.ts";
