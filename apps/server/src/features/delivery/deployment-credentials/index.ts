export {
  createDeploymentCredentials,
  credentialAad,
  type DeploymentCredentials,
  type Granted,
  type TokenRenewal,
  type DeploymentTokens,
} from "./deployment-credentials.service.ts";
export { createDeploymentCredentialsStore } from "./deployment-credentials.store.ts";
export { mountDeploymentCredentials } from "./deployment-credentials.routes.ts";
