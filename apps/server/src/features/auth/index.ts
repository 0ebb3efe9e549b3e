export { createAuth, type Auth, type SecondFactor } from "./auth.service.ts";
export { createAuthStore } from "./auth.store.ts";
export { createSessions, type Sessions } from "./sessions.ts";
export { createSetup, type Setup } from "./setup.ts";
export { createRefreshTokens } from "./tokens.ts";
export { mountAuth } from "./auth.routes.ts";
