export { createPasswordChecks } from "./password-checks.ts";
export { createPasswords, type Passwords } from "./passwords.ts";
export { sessionOver, type EmailChanges, type LockTheme, type UserSessions } from "./profiles.ts";
export { createUserRegistration, type OnRegistered, type Registration } from "./registration.ts";
export { describeSignUp, signUpProblem } from "./sign-up-policy.ts";
export { createUsers } from "./users.ts";
export { createUserDirectory, presentUser, type Users } from "./users.service.ts";
export { generateReferralCode, isAsciiEmail, isRaster, normalizeUsername } from "./users.rules.ts";
export { seedSystemAccounts, systemAccounts } from "./system-accounts.ts";
export {
  closeAccount,
  createUsersStore,
  deleteUser,
  canSignIn,
  isStillVerified,
  matchesVerified,
  reopenAccount,
  resetTheme,
  resetThemeOf,
  setModelDisabled,
  setPayoutAccount,
  setUserFlags,
  suspendUser,
  touchUser,
  unsuspendUser,
  type VerifiedUser,
  type UsersStore,
} from "./users.store.ts";
export { mountUsers } from "./users.routes.ts";
export type { UserRow } from "../../../db/schema/accounts.ts";
