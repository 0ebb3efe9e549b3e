export {
  createDeploymentCredentials,
  credentialPlace,
  type DeploymentCredentials,
  type Granted,
  type TokenLife,
  type Tokens,
} from "./deployment-credentials.service.ts";
export { createDeploymentCredentialsStore } from "./deployment-credentials.store.ts";
export { mountDeploymentCredentials } from "./deployment-credentials.routes.ts";
