export { createOauthApps, tokenLifeOf } from "./apps.ts";
