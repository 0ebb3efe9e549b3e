import type { Config } from "../config.ts";
import { createImpersonationNotes } from "../features/operations/admin/index.ts";
import { type Audit } from "../features/accounts/audit/index.ts";
import {
  createApiKeys,
  createApiKeysStore,
  createAuthCookies,
  createAttemptsStore,
  createAuth,
  createAuthStore,
  createOauth,
  createOauthStates,
  createOauthStore,
  createPasskeys,
  createPasskeysStore,
  createLockUser,
  createReauthenticate,
  createProviders,
  createRecovery,
  createRefreshTokens,
  createSessions,
  createSecondFactorStore,
  createSecurityLog,
  createSetup,
  createTotp,
  createTwoFactor,
  createLoginMethods,
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
  createAvatarMaker,
  createPasswords,
  createUsers,
  createUsersStore,
  mountUsers,
  type LockTheme,
  type OnEmailAsked,
  type OnEmailChanged,
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
    onRegistered: begins,
    lockTheme,
    offeredBy,
  }: { onRegistered: readonly OnRegistered[]; lockTheme: LockTheme; offeredBy: Parameters<typeof mountUsers>[1]["offeredBy"] },
): AccountsArea {
  const { appBaseUrl } = config.http;
  const onRegistered = [...begins];
  const onEmailAsked: OnEmailAsked[] = [];
  const onEmailChanged: OnEmailChanged[] = [];
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
  const users = createUsers({
    store: usersStore,
    passwords,
    sessions,
    limits,
    makeAvatar: createAvatarMaker(),
    welcome: config.billing.welcome,
    onRegistered,
    onEmailAsked,
    onEmailChanged,
    onSecurityEvent: securityLog.note,
    hasTwoFactor: mail.isOn,
    confirmsEmail: mail.isOn,
    lockTheme,
  });
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
  const twoFactor = createTwoFactor({
    store: createAttemptsStore(db),
    users,
    totp,
    log: securityLog,
    mail,
    limits,
    box,
    config: config.auth.twoFactor,
  });
  const passkeys = createPasskeys({
    store: createPasskeysStore(db),
    users,
    lockUser,
    loginMethods,
    securityLog,
    limits,
    log,
    site: config.http,
  });
  const cookies = createAuthCookies(config.auth);
  const auth = createAuth({
    store: authStore,
    users,
    sessions,
    passwords,
    setup,
    limits,
    box,
    config: config.auth,
    log,
    twoFactor,
    securityLog,
    prunePasskeys: passkeys.prune,
    apiKeys,
    noteImpersonated: createImpersonationNotes({ audit, db }),
  });
  const recovery = createRecovery({
    db,
    users,
    sessions,
    loginMethods,
    passwords,
    mail,
    securityLog,
    limits,
    box,
    appBaseUrl,
    log,
  });
  onRegistered.push(recovery.onRegistered);
  onEmailAsked.push(recovery.onEmailAsked);
  onEmailChanged.push(recovery.onEmailChanged);
  const oauthStore = createOauthStore(db);
  const oauth = createOauth({
    providers,
    store: oauthStore,
    states: createOauthStates({ store: oauthStore, box }),
    users,
    sessions,
    setup,
    lockUser,
    loginMethods,
    apiKeys,
    securityLog,
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
    jobs: { ...auth.jobHandlers, ...recovery.jobHandlers },
    cron: { prune_sessions: "17 * * * *" },
    mount(mount) {
      mountAuth(mount, { auth, recovery, oauth, sessions, apiKeys, cookies, config: config.auth, appBaseUrl });
      mountLinkedAccounts(mount, { oauth, cookies, reauthenticate });
      mountPasskeys(mount, { passkeys, auth, users, reauthenticate, cookies });
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
