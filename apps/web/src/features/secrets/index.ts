export { PasteEnvDialog } from "./PasteEnvDialog.tsx";
export { SecretForm } from "./SecretForm.tsx";
export { exampleFile, secretsQuery } from "./secrets.queries.ts";
export { SecretsSection } from "./SecretsSection.tsx";
