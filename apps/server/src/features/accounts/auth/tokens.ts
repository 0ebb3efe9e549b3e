import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { createSigner, createVerifier } from "fast-jwt";
import type { CryptoBox } from "../../../platform/crypto.ts";
import { forbidden } from "../../../platform/errors.ts";
import { isUuid } from "../../../platform/uuid.ts";

const audience = "fastapi-users:auth";

/** Constant-time comparison for equal lengths; lengths are not secret. */
export const isEqual = (a: string | Buffer, b: string | Buffer): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};

/** Access tokens: JWTs with the session (`sid`) and the user (`sub`). Whether the session is still open is checked elsewhere. */
export interface AccessTokens {
  /** `lifetimeMs` overrides the default lifetime. */
  sign(claims: { sub: string; sid: string; is_admin: boolean }, lifetimeMs?: number): string;
  /** `undefined` for forged or expired tokens and other audiences. */
  verify(token: string): { sub: string; sid: string } | undefined;
  /** Whether the token is valid except for its expiry. */
  hasExpired(token: string): boolean;
}
export function createAccessTokens(box: CryptoBox, lifetimeMs: number): AccessTokens {
  const key = box.deriveKey("access tokens");
  const signerOf = (expiresIn: number) => createSigner({ key, algorithm: "HS256", expiresIn, aud: [audience] });
  const sign = signerOf(lifetimeMs);
  const rules = { key, algorithms: ["HS256" as const], allowedAud: audience, requiredClaims: ["sub", "sid", "exp", "aud"] };
  const verify = createVerifier({ ...rules, cache: 10_000 });
  const verifyExpired = createVerifier({ ...rules, ignoreExpiration: true });
  return {
    sign: (claims, ms) => (ms === undefined ? sign : signerOf(ms))(claims),
    verify: (token) => {
      try {
        const claims = verify(token) as { sub?: unknown; sid?: unknown };
        return isUuid(claims.sub) && isUuid(claims.sid) ? { sub: claims.sub, sid: claims.sid } : undefined;
      } catch {
        return undefined;
      }
    },
    hasExpired: (token) => {
      try {
        const { exp } = verifyExpired(token) as { exp?: unknown };
        return typeof exp === "number" && exp * 1000 <= Date.now();
      } catch {
        return false;
      }
    },
  };
}

/** Signed tokens for one purpose, sent in emailed links. */
export interface PurposeTokens<C extends Record<string, string>> {
  make(claims: C, lifetimeMs: number): string;
  verify(token: string): C | undefined;
}
export function createPurposeTokens<C extends Record<string, string>>(
  box: CryptoBox,
  purpose: string,
  names: readonly (keyof C & string)[],
): PurposeTokens<C> {
  const key = box.deriveKey(purpose);
  const aud = `tesslate:${purpose}`;
  const verify = createVerifier({ key, algorithms: ["HS256"], allowedAud: aud, requiredClaims: [...names, "exp", "aud"] });
  return {
    make: (claims, lifetimeMs) => createSigner({ key, algorithm: "HS256", expiresIn: lifetimeMs, aud })({ ...claims }),
    verify: (token) => {
      try {
        const claims = verify(token) as Record<string, unknown>;
        return names.every((name) => typeof claims[name] === "string") ? (claims as C) : undefined;
      } catch {
        return undefined;
      }
    },
  };
}

/**
 * Refresh tokens: session id, generation and a MAC over both, so that the token of any generation can be recreated. A tab that lost the race of a
 * rotation gets the same token as the winner, reuse of an old generation is detected, and forged tokens never reach the database, which stores only
 * hashes.
 */
export interface RefreshTokens {
  make(sessionId: string, generation: number): string;
  parse(token: string): { session_id: string; generation: number } | undefined;
}
export function createRefreshTokens(box: CryptoBox): RefreshTokens {
  const key = box.deriveKey("refresh tokens");
  const macOf = (head: Buffer) => createHmac("sha256", key).update(head).digest();
  return {
    make: (sessionId, generation) => {
      const head = Buffer.alloc(20);
      Buffer.from(sessionId.replaceAll("-", ""), "hex").copy(head);
      head.writeUInt32BE(generation, 16);
      return Buffer.concat([head, macOf(head)]).toString("base64url");
    },
    parse: (token) => {
      const bytes = Buffer.from(token, "base64url");
      if (bytes.length !== 52 || bytes.toString("base64url") !== token) return undefined;
      const head = bytes.subarray(0, 20);
      if (!isEqual(bytes.subarray(20), macOf(head))) return undefined;
      const hex = head.toString("hex", 0, 16);
      return {
        session_id: [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-"),
        generation: head.readUInt32BE(16),
      };
    },
  };
}

/** CSRF tokens: timestamp, 32 random bytes and a MAC that binds both to the session. */
export interface CsrfTokens {
  make(sessionId: string | undefined): string;
  /** Throws `csrf_missing`, `csrf_mismatch` or `csrf_invalid`. */
  check(sessionId: string | undefined, header: string | undefined, cookie: string | undefined): void;
}
export function createCsrfTokens(key: Buffer | string, maxAgeMs: number): CsrfTokens {
  const macOf = (sessionId: string | undefined, head: string) =>
    createHmac("sha256", key)
      .update(`csrf\n${sessionId ?? ""}\n${head}`)
      .digest("hex");
  return {
    make: (sessionId) => {
      const head = `${Date.now().toString(36)}.${randomBytes(32).toString("hex")}`;
      return `${head}.${macOf(sessionId, head)}`;
    },
    check: (sessionId, header, cookie) => {
      if (!header || !cookie) throw forbidden("csrf_missing", "The CSRF token is missing. Fetch one and send it as X-CSRF-Token.");
      if (!isEqual(header, cookie)) throw forbidden("csrf_mismatch", "The CSRF token does not match its cookie. Fetch a new one.");
      const end = header.lastIndexOf(".");
      const head = header.slice(0, Math.max(end, 0));
      const age = Date.now() - Number.parseInt(head.split(".")[0] ?? "", 36);
      const isGenuine = isEqual(header.slice(end + 1), macOf(sessionId, head));
      if (!isGenuine || !(age >= -60_000 && age <= maxAgeMs))
        throw forbidden("csrf_invalid", "The CSRF token is invalid or has expired. Fetch a new one.");
    },
  };
}
