export { at, createProviderClient, TargetError, textAt, type ProviderClient } from "./targets/client.ts";
export { createTargets } from "./targets/index.ts";
export type { Credential, DeployTarget } from "./target.ts";
