export { valueAt, createProviderClient, ProviderError, textAt, type ProviderClient } from "./providers/client.ts";
export { capabilitiesOf, providerTitle } from "./providers/capabilities.ts";
export { createProviderAdapters } from "./providers/index.ts";
export type { Credential, ProviderAccess, ProviderAdapter } from "./providers/provider.ts";
export { deploymentOfSandbox } from "./build/build-sandbox.ts";
export { requestAad } from "./deployment-request.ts";
export type { Deployments } from "./deployments.service.ts";
