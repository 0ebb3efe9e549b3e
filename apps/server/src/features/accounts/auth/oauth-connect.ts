import { randomPKCECodeVerifier } from "openid-client";
import { randomToken } from "../../../platform/crypto.ts";
import { AppError } from "../../../platform/errors.ts";
import type { OauthStates } from "./oauth-states.ts";

/** What the server keeps of a started flow. The verifier never leaves the server before the code is exchanged. */
export interface OauthConnection {
  user_id: string;
  session_id: string;
  verifier: string;
}
/** The signed-in user who connects an account. Callers without a session, such as API keys, cannot. */
export interface ConnectingUser {
  id: string;
  session_id: string | undefined;
}

/** Connects accounts at other services to a signed-in user: authorization code flow with PKCE and a state that is valid once, for ten minutes. */
export type OauthConnect = ReturnType<typeof createOauthConnect>;
export function createOauthConnect({
  states,
  findSession,
}: {
  states: OauthStates;
  /** The session's user, while the session is active. */
  findSession: (id: string) => Promise<{ user: { id: string } } | undefined>;
}) {
  return {
    /** Throws `session_required`. `browser`: the cookie of an earlier flow, so that several windows can be open at once. */
    start: async (
      flow: string,
      user: ConnectingUser,
      {
        browser = randomToken(),
        statePrefix = "",
        extra,
      }: { browser?: string | undefined; statePrefix?: string; extra: () => object | Promise<object> },
    ): Promise<{ state: string; verifier: string; browser: string }> => {
      if (user.session_id === undefined) throw new AppError("session_required", "Sign in to do this.");
      const state = statePrefix + randomToken();
      const verifier = randomPKCECodeVerifier();
      const connection: OauthConnection = { user_id: user.id, session_id: user.session_id, verifier };
      await states.keep(flow, state, browser, { ...connection, ...(await extra()) });
      return { state, verifier, browser };
    },
    /** Throws `invalid_state_token`, `state_token_expired`. `isOwner`: accept another browser of that user too. */
    take: states.take,
    /** The session that started is still active, and no other user is signed in in this browser. */
    isSameUser: async ({ user_id, session_id }: OauthConnection, userId: string | undefined): Promise<boolean> =>
      (userId ?? user_id) === user_id && (await findSession(session_id))?.user.id === user_id,
  };
}
