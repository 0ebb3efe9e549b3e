import type { Config } from "../config.ts";
import {
  createApiKeys,
  createApiKeysStore,
  createAttemptsStore,
  createAuth,
  createAuthStore,
  createOauth,
  createOauthStore,
  createProviders,
  createRecovery,
  createRefreshTokens,
  createSessions,
  createSetup,
  createTwoFactor,
  mountAuth,
  type ApiKeys,
  type Auth,
  type AuthStore,
  type Oauth,
  type Recovery,
  type Sessions,
  type Setup,
} from "../features/auth/index.ts";
import {
  createAvatarMaker,
  createPasswords,
  createUsers,
  createUsersStore,
  mountUsers,
  type OnEmailChanged,
  type OnRegistered,
  type Users,
} from "../features/users/index.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";

/** Who there is, and how they prove it. */
export interface AccountsArea extends Area {
  users: Users;
  sessions: Sessions;
  auth: Auth;
  oauth: Oauth;
  setup: Setup;
  apiKeys: ApiKeys;
  recovery: Recovery;
  /** Holds the one-use tickets of sockets and previews too. */
  authStore: AuthStore;
}

export function composeAccounts(
  { config, log, db, bus, box, settings, limits, mail, outbound }: Platform,
  /** What a new account starts with, done in the transaction that creates it. */
  {
    onRegistered: begins,
    isTheme,
  }: { onRegistered: readonly OnRegistered[]; isTheme: (userId: string, themeId: string) => Promise<boolean> },
): AccountsArea {
  const { appBaseUrl } = config.http;
  const onRegistered = [...begins];
  const onEmailChanged: OnEmailChanged[] = [];
  const passwords = createPasswords();
  const authStore = createAuthStore(db);
  const sessions = createSessions({
    store: authStore,
    tokens: createRefreshTokens(box),
    bus,
    log,
    lifetimeMs: config.auth.refreshTokenMs,
  });
  const users = createUsers({
    store: createUsersStore(db),
    passwords,
    sessions,
    limits,
    makeAvatar: createAvatarMaker(),
    onRegistered,
    onEmailChanged,
    hasTwoFactor: mail.isOn,
    isTheme,
  });
  const setup = createSetup({ users, settings, box, isOpen: isPrivate(config) });
  const apiKeys = createApiKeys({ store: createApiKeysStore(db), bus, log });
  const twoFactor = createTwoFactor({ store: createAttemptsStore(db), users, mail, limits, box, config: config.auth.twoFactor });
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
    apiKeys,
  });
  const recovery = createRecovery({ db, store: authStore, users, sessions, passwords, mail, limits, box, appBaseUrl, log });
  onRegistered.push(recovery.onRegistered);
  onEmailChanged.push(recovery.onEmailChanged);
  const oauth = createOauth({
    providers: createProviders({ config: config.auth.oauth, outbound }),
    store: createOauthStore(db),
    users,
    sessions,
    setup,
    box,
    log,
  });

  return {
    users,
    sessions,
    auth,
    oauth,
    setup,
    apiKeys,
    recovery,
    authStore,
    jobs: { ...auth.jobHandlers, ...recovery.jobHandlers },
    cron: { prune_sessions: "17 * * * *" },
    mount(mount) {
      mountAuth(mount, { auth, recovery, oauth, sessions, apiKeys, config: config.auth, appBaseUrl });
      mountUsers(mount, { users });
    },
  };
}

/** Only this machine reaches the server: it listens on loopback, goes by a local name and no proxy stands in front. */
const isPrivate = ({ http }: Config): boolean =>
  http.isLoopbackOnly &&
  !http.trustProxy &&
  (http.appHost === "localhost" || http.appHost.endsWith(".localhost") || /^127\.|^\[?::1\]?$/.test(http.appHost));
