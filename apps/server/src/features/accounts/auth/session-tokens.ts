import type { Config } from "../../../config.ts";
import type { CryptoBox } from "../../../platform/crypto.ts";
import type { UserRow } from "../users/index.ts";
import { createAccessTokens, createCsrfTokens } from "./tokens.ts";

export type SessionTokens = ReturnType<typeof createSessionTokens>;
/** The access and CSRF tokens of sessions. */
export function createSessionTokens({ box, config }: { box: CryptoBox; config: Config["auth"] }) {
  const accessTokens = createAccessTokens(box, config.accessTokenMs);
  return {
    /** Lifetime of an access token in seconds. */
    expiresIn: Math.floor(config.accessTokenMs / 1000),
    csrf: createCsrfTokens(config.csrfKey?.reveal() ?? box.deriveKey("csrf"), config.csrfMaxAgeMs),
    verify: accessTokens.verify,
    hasExpired: accessTokens.hasExpired,
    accessTokenOf: (user: Pick<UserRow, "id" | "is_superuser">, sessionId: string): string =>
      accessTokens.sign({ sub: user.id, sid: sessionId, is_admin: user.is_superuser }),
    /** The access token of an impersonation session; valid until that session ends. */
    impersonationToken: (user: Pick<UserRow, "id">, session: { id: string; expires_at: string }): string =>
      accessTokens.sign({ sub: user.id, sid: session.id, is_admin: false }, Math.max(1000, Date.parse(session.expires_at) - Date.now())),
  };
}
