import type { LoginResponse } from "@tesslate/contract";
import type { Principal } from "../../../http/context.ts";
import { unauthorized, type AppError } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { UserRow } from "../users/index.ts";
import type { SecurityLog } from "./security-log.ts";
import type { SessionTokens } from "./session-tokens.ts";
import type { Sessions } from "./sessions.ts";

/** The origin of a request, for rate limits and the list of sessions. */
export interface Caller {
  ip: string;
  user_agent: string | undefined;
}
/** New tokens for the client. */
export interface TokenPair {
  accessToken: string;
  refreshToken: string;
}

export const badCredentials = () => unauthorized("Incorrect email, username or password.", "login_bad_credentials");

export type SessionOpening = ReturnType<typeof createSessionOpening>;
/** Opens sessions for users who proved who they are, refreshes and ends them. */
export function createSessionOpening({
  sessions,
  tokens,
  securityLog,
  log,
}: {
  sessions: Sessions;
  tokens: SessionTokens;
  securityLog: Pick<SecurityLog, "transaction" | "note">;
  log: Logger;
}) {
  const { accessTokenOf, expiresIn } = tokens;
  /** `undefined` when a new password or a suspension ended the sign-in. */
  const openSession = async (user: UserRow, caller: Caller, how: string): Promise<TokenPair | undefined> => {
    const opened = await sessions.open(user, caller);
    if (!opened) return undefined;
    const { id, refreshToken } = opened;
    await securityLog.transaction((tx) => securityLog.note(tx, user, "signed_in", caller, how));
    log.info({ user_id: user.id, session_id: id, how }, "user signed in");
    return { accessToken: accessTokenOf(user, id), refreshToken };
  };
  return {
    expiresIn,
    openSession,
    /**
     * Opens a session for a user authenticated by other means; `how` goes into the security log. Throws `login_bad_credentials`, or the error of
     * `refused`, when a new password or a suspension ended the sign-in.
     */
    open: async (user: UserRow, caller: Caller, how: string, refused: () => AppError = badCredentials): Promise<TokenPair> => {
      const pair = await openSession(user, caller, how);
      if (!pair) throw refused();
      return pair;
    },
    signedIn: (pair: TokenPair): { answer: LoginResponse; pair: TokenPair } => ({
      answer: {
        access_token: pair.accessToken,
        token_type: "bearer",
        expires_in: expiresIn,
        refresh_token: null,
        requires_2fa: false,
        temp_token: null,
        method: null,
        methods: [],
      },
      pair,
    }),
    /** Throws `refresh_invalid`. */
    refresh: async (token: string | undefined): Promise<TokenPair> => {
      const refreshed = token ? await sessions.refresh(token) : undefined;
      if (!refreshed) throw unauthorized("Your session has ended. Sign in again.", "refresh_invalid");
      return { accessToken: accessTokenOf(refreshed.user, refreshed.id), refreshToken: refreshed.refreshToken };
    },

    logout: async (principal: Principal): Promise<void> => {
      if (principal.session_id) await sessions.revoke(principal.session_id, "logout");
      // Signing out of an impersonation also ends the administrator's own session.
      if (principal.impersonator) await sessions.revoke(principal.impersonator.session_id, "logout");
    },
  };
}
