export { createOauthApps, tokenLifeOf } from "./apps.ts";
export { createDeploymentOauth } from "./connecting.ts";
export { mountDeploymentOauth } from "./deployment-oauth.routes.ts";
