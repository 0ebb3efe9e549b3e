export { PasteEnvDialog } from "./PasteEnvDialog.tsx";
export { SecretForm } from "./SecretForm.tsx";
export { refusalSentences } from "./env-preview.ts";
export { exampleFile, secretsQuery, useSecretActions } from "./secrets.queries.ts";
export { SecretsSection } from "./SecretsSection.tsx";
