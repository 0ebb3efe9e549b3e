export { createOauthApps, tokenRenewalOf } from "./apps.ts";
export { createDeploymentOauth } from "./deployment-oauth.service.ts";
export { mountDeploymentOauth } from "./deployment-oauth.routes.ts";
