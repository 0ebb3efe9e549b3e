export { configQuery, isVisitor, noteVisitor, signOut } from "./auth.queries.ts";
export { AuthThread, DoneStep, LiveStep, NextStep } from "./AuthThread.tsx";
export { apiKeysQuery, sessionsQuery, useApiKeyActions, useSessionActions } from "./credentials.queries.ts";
export { safeNext } from "./next.ts";
export { PasswordHint } from "./PasswordHint.tsx";
export { signInProviderName, providersOf } from "./providers.ts";
export {
  knowsPasskeys,
  linkedAccountsQuery,
  passkeyFault,
  passkeysQuery,
  securityEventsQuery,
  securityQuery,
  useSecurityActions,
} from "./security.queries.ts";
