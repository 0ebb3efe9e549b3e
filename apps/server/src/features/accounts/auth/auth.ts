import type { Config } from "../../../config.ts";
import type { Authenticator } from "../../../http/context.ts";
import type { Bus } from "../../../platform/bus.ts";
import type { CryptoBox } from "../../../platform/crypto.ts";
import type { Database } from "../../../platform/database.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { Mail } from "../../../platform/mail.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import type { RateLimiter } from "../../../platform/rate-limit.ts";
import type { ServerSettings } from "../../../platform/server-settings.ts";
import type { Passwords, Users } from "../users/index.ts";
import { createApiKeysStore } from "./api-keys.store.ts";
import { createApiKeys } from "./api-keys.ts";
import { createAttemptsStore } from "./attempts.store.ts";
import { createAuthCookies } from "./auth.cookies.ts";
import type { Auth, Recovery } from "./auth.service.ts";
import { createAuthStore } from "./auth.store.ts";
import { createAuthenticator } from "./authenticator.ts";
import { createEmailCodes } from "./email-codes.ts";
import { createEmailConfirmations } from "./email-confirmations.ts";
import { createEmailRequests } from "./email-requests.ts";
import { createVerifyEmail } from "./email-verification.ts";
import { createLockUser, type LockUser } from "./lock-user.ts";
import { createLoginMethods, type LoginMethods } from "./login-methods.store.ts";
import { createOauthAccounts } from "./oauth-accounts.ts";
import { createOauthLinks } from "./oauth-links.ts";
import { createOauthStates } from "./oauth-states.ts";
import { createProviders } from "./oauth.providers.ts";
import { createOauthStore } from "./oauth.store.ts";
import { createOauth } from "./oauth.ts";
import { createSessionOpening } from "./open-session.ts";
import { createPasskeySignIn } from "./passkey-sign-in.ts";
import { createPasskeySite } from "./passkey-site.ts";
import { createPasskeysStore } from "./passkeys.store.ts";
import { createPasskeys } from "./passkeys.ts";
import { createPasswordReset } from "./password-reset.ts";
import { createReauthenticate } from "./reauthenticate.ts";
import { createResetLinks } from "./reset-links.ts";
import { createSecondFactorStore } from "./second-factor.store.ts";
import { createSecondSteps } from "./second-steps.ts";
import { createSecurityLog } from "./security-log.ts";
import { createSessionTokens } from "./session-tokens.ts";
import { createSessions } from "./sessions.ts";
import { createSetup } from "./setup.ts";
import { createSignIn } from "./sign-in.ts";
import { createSignUp } from "./sign-up.ts";
import { createTickets } from "./tickets.ts";
import { createRefreshTokens } from "./tokens.ts";
import { createTotp } from "./totp.ts";
import { createSecondStepAttempts } from "./two-factor.ts";
import { createVerifySecondStep } from "./verify-second-step.ts";

interface AuthPlatform {
  config: Pick<Config, "auth" | "http">;
  db: Database;
  box: CryptoBox;
  bus: Bus;
  settings: ServerSettings;
  limits: RateLimiter;
  mail: Mail;
  outbound: Outbound;
  log: Logger;
}

type AccountSessions = ReturnType<typeof createAccountSessions>;
/** What accounts need of sign-in: sessions, the security log and confirmations of email addresses. */
export function createAccountSessions({ config, db, box, bus, limits, mail, log }: AuthPlatform) {
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
  const confirmations = createEmailConfirmations({ mail, box, limits, appBaseUrl: config.http.appBaseUrl });
  return { authStore, secondFactorStore, securityLog, sessions, confirmations };
}

/** Registration, sign-in with every method, recovery and API keys. */
export function createAuth({
  platform,
  accountSessions,
  users,
  passwords,
  noteImpersonated,
}: {
  platform: AuthPlatform;
  accountSessions: AccountSessions;
  users: Users;
  passwords: Passwords;
  noteImpersonated: Authenticator["noteImpersonated"];
}) {
  const { config, db, box, bus, settings, limits, mail, outbound, log } = platform;
  const { authStore, securityLog, sessions, confirmations } = accountSessions;
  const setup = createSetup({ users, settings, box, isOpen: isPrivate(config) });
  const apiKeys = createApiKeys({ store: createApiKeysStore(db), bus, log });
  const providers = createProviders({ config: config.auth.oauth, outbound });
  const loginMethods = createLoginMethods({ db, isUsable: (provider) => provider in providers });
  const lockUser = createLockUser({ loginMethods, sessions });
  const { totp, twoFactor } = createSecondFactors(platform, { accountSessions, users, lockUser });
  const { passkeys, passkeySignIn } = createPasskeyServices(platform, { accountSessions, users, lockUser, loginMethods });
  const tokens = createSessionTokens({ box, config: config.auth });
  const tickets = createTickets({ store: authStore, sessions });
  const authenticator = createAuthenticator({ tokens, sessions, apiKeys, tickets, noteImpersonated });
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
  const resetLinks = createResetLinks({ box, mail, loginMethods, appBaseUrl: config.http.appBaseUrl });
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
    setup,
    apiKeys,
    totp,
    passkeys,
    passkeySignIn,
    auth,
    recovery,
    oauth,
    loginMethods,
    reauthenticate: createReauthenticate({ users, totp, limits }),
    cookies: createAuthCookies(config.auth),
    jobHandlers: {
      ...emailRequests.jobHandlers,
      prune_sessions: async (): Promise<void> => {
        await authStore.prune();
        await securityLog.prune();
        await passkeys.prune();
        await limits.prune();
      },
    },
  };
}

/** Authenticator apps and emailed codes, after a password. */
function createSecondFactors(
  { config, db, box, limits, mail }: AuthPlatform,
  {
    accountSessions: { secondFactorStore, securityLog },
    users,
    lockUser,
  }: { accountSessions: AccountSessions; users: Users; lockUser: LockUser },
) {
  const { twoFactor: settings } = config.auth;
  const issuer = `Tesslate Studio (${config.http.appHost})`;
  const totp = createTotp({ store: secondFactorStore, lockUser, log: securityLog, limits, box, issuer });
  const store = createAttemptsStore(db);
  const codes = createEmailCodes({ store, mail, box, config: settings });
  const steps = createSecondSteps({ totp, isMailOn: mail.isOn, isForAll: settings.isForAll });
  return {
    totp,
    twoFactor: {
      ...createSecondStepAttempts({ store, users, steps, codes, limits, attemptMs: settings.attemptMs }),
      verify: createVerifySecondStep({ store, users, totp, codes, limits, securityLog }),
    },
  };
}

function createPasskeyServices(
  { config, db, limits, log }: AuthPlatform,
  {
    accountSessions: { securityLog },
    users,
    lockUser,
    loginMethods,
  }: { accountSessions: AccountSessions; users: Users; lockUser: LockUser; loginMethods: LoginMethods },
) {
  const store = createPasskeysStore(db);
  const site = createPasskeySite(config.http);
  return {
    passkeys: createPasskeys({ store, site, lockUser, loginMethods, securityLog, log }),
    passkeySignIn: createPasskeySignIn({ store, site, users, securityLog, limits, log }),
  };
}

/** Only this host can reach the server: it listens on loopback, has a local name and no proxy. */
export const isPrivate = ({ http }: Pick<Config, "http">): boolean =>
  http.isLoopbackOnly &&
  !http.trustProxy &&
  (http.appHost === "localhost" || http.appHost.endsWith(".localhost") || /^127\.|^\[?::1\]?$/.test(http.appHost));
