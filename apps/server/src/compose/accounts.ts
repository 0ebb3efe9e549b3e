import { createImpersonationNotes } from "../features/operations/admin/index.ts";
import { type Audit } from "../features/accounts/audit/index.ts";
import {
  createAccountSessions,
  createAuth,
  mountAuth,
  mountLinkedAccounts,
  mountPasskeys,
  mountSecondFactor,
  type ApiKeys,
  type Auth,
  type AuthStore,
  type Oauth,
  type Passkeys,
  type Recovery,
  type Sessions,
  type Setup,
  type Totp,
  configuredProviders,
} from "../features/accounts/auth/index.ts";
import {
  createPasswords,
  createUsers,
  createUsersStore,
  mountUsers,
  signUpProblem,
  type LockTheme,
  type OnRegistered,
  type Passwords,
  type Users,
  type UsersStore,
} from "../features/accounts/users/index.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";

/** Users, sign-in and sessions. */
export interface AccountsArea extends Area {
  users: Users;
  sessions: Sessions;
  auth: Auth;
  oauth: Oauth;
  passkeys: Passkeys;
  totp: Totp;
  setup: Setup;
  apiKeys: ApiKeys;
  recovery: Recovery;
  /** Also stores the one-use tickets of sockets and previews. */
  authStore: AuthStore;
  usersStore: UsersStore;
  passwords: Passwords;
}

export function composeAccounts(
  platform: Platform,
  audit: Audit,
  /** Hooks that run in the transaction that creates an account. */
  {
    onRegistered,
    lockTheme,
    offeredBy,
  }: { onRegistered: readonly OnRegistered[]; lockTheme: LockTheme; offeredBy: Parameters<typeof mountUsers>[1]["offeredBy"] },
): AccountsArea {
  const { config, db, limits, log } = platform;
  const { appBaseUrl } = config.http;
  const passwords = createPasswords(config.auth.passwordCost);
  const usersStore = createUsersStore(db);
  const accountSessions = createAccountSessions(platform);
  const { authStore, securityLog, sessions, confirmations } = accountSessions;
  const users = createUsers({
    store: usersStore,
    passwords,
    limits,
    registration: {
      terms: config.billing.welcome,
      onRegistered: [...onRegistered, confirmations.onRegistered],
      signUp: config.auth.signUp,
    },
    profiles: { sessions: { ...sessions, noteEvent: securityLog.note }, emails: confirmations.changes, lockTheme },
  });
  const registrationProblem = signUpProblem(config.auth.signUp, configuredProviders(config.auth.oauth));
  if (registrationProblem !== undefined) log.warn(registrationProblem);
  const noteImpersonated = createImpersonationNotes({ audit, db });
  const { setup, apiKeys, totp, passkeys, passkeySignIn, auth, recovery, oauth, ...more } = createAuth({
    platform,
    accountSessions,
    users,
    passwords,
    noteImpersonated,
  });
  const { cookies, reauthenticate, loginMethods } = more;

  return {
    users,
    sessions,
    auth,
    oauth,
    passkeys,
    totp,
    setup,
    apiKeys,
    recovery,
    authStore,
    usersStore,
    passwords,
    jobs: more.jobHandlers,
    cron: { prune_sessions: "17 * * * *" },
    mount(mount) {
      mountAuth(mount, { auth, recovery, oauth, sessions, apiKeys, cookies, config: config.auth, appBaseUrl });
      mountLinkedAccounts(mount, { oauth, cookies, reauthenticate });
      mountPasskeys(mount, { passkeys: { ...passkeys, ...passkeySignIn }, auth, users, reauthenticate, cookies });
      mountSecondFactor(mount, {
        totp,
        log: securityLog,
        users,
        reauthenticate,
        isForAll: config.auth.twoFactor.isForAll,
        countLoginMethods: loginMethods.count,
      });
      mountUsers(mount, { users, offeredBy });
    },
  };
}
