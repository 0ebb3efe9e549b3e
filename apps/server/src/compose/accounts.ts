import type { Config } from "../config.ts";
import { createImpersonationNotes } from "../features/operations/admin/index.ts";
import { type Audit } from "../features/accounts/audit/index.ts";
import {
  createApiKeys,
  createApiKeysStore,
  createAttemptsStore,
  createAuthCookies,
  createAuthenticator,
  createAuthStore,
  createEmailCodes,
  createEmailConfirmations,
  createEmailRequests,
  createLockUser,
  createLoginMethods,
  createOauth,
  createOauthAccounts,
  createOauthLinks,
  createOauthStates,
  createOauthStore,
  createPasskeys,
  createPasskeySignIn,
  createPasskeySite,
  createPasskeysStore,
  createPasswordReset,
  createProviders,
  createReauthenticate,
  createRefreshTokens,
  createResetLinks,
  createSecondFactorStore,
  createSecondStepAttempts,
  createSecondSteps,
  createSecurityLog,
  createSessionOpening,
  createSessions,
  createSessionTokens,
  createSetup,
  createSignIn,
  createSignUp,
  createTickets,
  createTotp,
  createVerifyEmail,
  createVerifySecondStep,
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
} from "../features/accounts/auth/index.ts";
import {
  createAvatarRenderer,
  createAvatars,
  createPasswordChecks,
  createPasswords,
  createProfiles,
  createUserDirectory,
  createUserRegistration,
  createUsersStore,
  mountUsers,
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
  { config, log, db, bus, box, settings, limits, mail, outbound }: Platform,
  audit: Audit,
  /** Hooks that run in the transaction that creates an account. */
  {
    onRegistered,
    lockTheme,
    offeredBy,
  }: { onRegistered: readonly OnRegistered[]; lockTheme: LockTheme; offeredBy: Parameters<typeof mountUsers>[1]["offeredBy"] },
): AccountsArea {
  const { appBaseUrl } = config.http;
  const passwords = createPasswords(config.auth.passwordCost);
  const authStore = createAuthStore(db);
  const secondFactorStore = createSecondFactorStore(db);
  const securityLog = createSecurityLog({ store: secondFactorStore, mail });
  const sessions = createSessions({
    store: authStore,
    tokens: createRefreshTokens(box),
    bus,
    log,
    lifetimeMs: config.auth.refreshTokenMs,
    onReuse: (user) => securityLog.transaction((tx) => securityLog.note(tx, user, "refresh_reused")),
  });
  const usersStore = createUsersStore(db);
  const confirmations = createEmailConfirmations({ mail, box, limits, appBaseUrl });
  const passwordChecks = createPasswordChecks({ passwords, limits });
  const avatars = createAvatars({ store: usersStore, renderAvatar: createAvatarRenderer(), limits });
  const users: Users = {
    ...createUserDirectory({ store: usersStore, limits }),
    ...createUserRegistration({
      store: usersStore,
      passwordChecks,
      terms: config.billing.welcome,
      onRegistered: [...onRegistered, confirmations.onRegistered],
    }),
    ...createProfiles({
      store: usersStore,
      passwordChecks,
      avatars,
      sessions: { ...sessions, noteEvent: securityLog.note },
      emails: confirmations.changes,
      lockTheme,
    }),
    ...avatars,
    ...passwordChecks,
  };
  const setup = createSetup({ users, settings, box, isOpen: isPrivate(config) });
  const apiKeys = createApiKeys({ store: createApiKeysStore(db), bus, log });
  const providers = createProviders({ config: config.auth.oauth, outbound });
  const loginMethods = createLoginMethods({ db, isUsable: (provider) => provider in providers });
  const lockUser = createLockUser({ loginMethods, sessions });
  const totp = createTotp({
    store: secondFactorStore,
    lockUser,
    log: securityLog,
    limits,
    box,
    issuer: `Tesslate Studio (${config.http.appHost})`,
  });
  const reauthenticate = createReauthenticate({ users, totp, limits });
  const attemptsStore = createAttemptsStore(db);
  const { twoFactor: secondStep } = config.auth;
  const codes = createEmailCodes({ store: attemptsStore, mail, box, config: secondStep });
  const steps = createSecondSteps({ totp, isMailOn: mail.isOn, isForAll: secondStep.isForAll });
  const twoFactor = {
    ...createSecondStepAttempts({ store: attemptsStore, users, steps, codes, limits, attemptMs: secondStep.attemptMs }),
    verify: createVerifySecondStep({ store: attemptsStore, users, totp, codes, limits, securityLog }),
  };
  const passkeysStore = createPasskeysStore(db);
  const site = createPasskeySite(config.http);
  const passkeys = createPasskeys({ store: passkeysStore, site, lockUser, loginMethods, securityLog, log });
  const passkeySignIn = createPasskeySignIn({ store: passkeysStore, site, users, securityLog, limits, log });
  const cookies = createAuthCookies(config.auth);
  const tokens = createSessionTokens({ box, config: config.auth });
  const tickets = createTickets({ store: authStore, sessions });
  const authenticator = createAuthenticator({
    tokens,
    sessions,
    apiKeys,
    tickets,
    noteImpersonated: createImpersonationNotes({ audit, db }),
  });
  const opening = createSessionOpening({ sessions, tokens, securityLog, log });
  const auth: Auth = {
    ...createSignUp({ users, setup, limits, log }),
    ...createSignIn({ users, passwords, twoFactor, opening, limits }),
    ...opening,
    authenticator,
    csrfToken: authenticator.csrfToken,
    issueTicket: tickets.issue,
    impersonationToken: tokens.impersonationToken,
  };
  const resetLinks = createResetLinks({ box, mail, loginMethods, appBaseUrl });
  const emailRequests = createEmailRequests({ db, users, resetLinks, confirmations, limits });
  const recovery: Recovery = {
    ...emailRequests,
    ...createPasswordReset({ links: resetLinks, users, sessions, securityLog, log }),
    verify: createVerifyEmail({ confirmations, users, mail }),
  };
  const oauthStore = createOauthStore(db);
  const oauth = createOauth({
    providers,
    states: createOauthStates({ store: oauthStore, box }),
    accounts: createOauthAccounts({ store: oauthStore, users, sessions, setup, loginMethods, apiKeys }),
    links: createOauthLinks({ store: oauthStore, users, sessions, lockUser, loginMethods, securityLog }),
    log,
  });

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
    jobs: {
      ...emailRequests.jobHandlers,
      prune_sessions: async () => {
        await authStore.prune();
        await securityLog.prune();
        await passkeys.prune();
        await limits.prune();
      },
    },
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

/** Only this host can reach the server: it listens on loopback, has a local name and no proxy. */
const isPrivate = ({ http }: Config): boolean =>
  http.isLoopbackOnly &&
  !http.trustProxy &&
  (http.appHost === "localhost" || http.appHost.endsWith(".localhost") || /^127\.|^\[?::1\]?$/.test(http.appHost));
