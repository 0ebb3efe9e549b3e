import type { IncomingHttpHeaders } from "node:http";
import type { CookieSerializeOptions } from "@fastify/cookie";
import type { Logger } from "pino";
import { keysOf, type ApiKeyScope, type EditMode, type RouteSpec } from "@tesslate/contract";
import { forbidden, type AppError } from "../platform/errors.ts";

/** The authenticated caller. `via` decides whether CSRF applies. */
export interface Principal {
  id: string;
  is_superuser: boolean;
  username: string;
  name: string;
  session_id: string | undefined;
  via: "bearer" | "cookie" | "ticket" | "key";
  /** The administrator who impersonates this user, and until when. */
  impersonator?: { id: string; username: string; session_id: string; expires_at_ms: number };
  /** Scopes of an API key. A session has no limits. */
  scopes?: readonly ApiKeyScope[];
  key?: { id: string; hash: string; edit_mode: EditMode };
}

/** A response that can be replayed. */
export interface StoredAnswer {
  status: number;
  body: string;
  headers: Record<string, string>;
  /** For uploads: the digest of the form, see `digestForm`. */
  form?: FormDigest;
}
export interface FormDigest {
  parts: number;
  hash: string;
}
/** Idempotent requests; implemented by `features/core/idempotency`. */
export interface Idempotency {
  /**
   * Runs the work once per user and key, and replays its response for the same request. Throws 422 for a key used with another request,
   * `idempotency_key_running` while the first request runs, `idempotency_key_interrupted` when its process died.
   */
  once(
    claim: { user_id: string; key: string; request: string },
    work: () => Promise<StoredAnswer>,
  ): Promise<StoredAnswer & { isReplayed: boolean }>;
}

/** The request context of a handler beside its input. Features see nothing else of HTTP. */
export interface Context<P = Principal> {
  user: P;
  log: Logger;
  /** Aborts when the client disconnects or the server shuts down. */
  signal: AbortSignal;
  request_id: string;
  ip: string;
  headers: IncomingHttpHeaders;
  cookies: Record<string, string | undefined>;
  setHeader(name: string, value: string): void;
  setCookie(name: string, value: string, options: CookieSerializeOptions): void;
  clearCookie(name: string, options: CookieSerializeOptions): void;
  /** 201 or 200 of upsert routes; 503 of the readiness check. */
  status(code: 200 | 201 | 503): void;
  /** For routes that start a stream: runs once per `Idempotency-Key` and replays its JSON for the same request. */
  once<T>(work: () => Promise<T>): Promise<T>;
}

export interface ImpersonatedCall {
  route: string;
  method: string;
  /** Path without the query. */
  path: string;
  ip: string;
  user_agent: string | undefined;
}

/** Authentication; implemented by `features/accounts/auth`. */
export interface Authenticator {
  /** A bearer token takes precedence over cookies; `refresh` on routes that accept it for an expired cookie. `undefined`: unauthenticated. */
  authenticate(credentials: {
    bearer: string | undefined;
    cookie: string | undefined;
    refresh?: string | undefined;
  }): Promise<Principal | undefined>;
  /** The 401 for a missing or invalid token. */
  refusal(token: string | undefined): Promise<AppError>;
  redeemTicket(ticket: string): Promise<Principal | undefined>;
  /** Throws `csrf_missing`, `csrf_mismatch` or `csrf_invalid`. */
  checkCsrf(principal: Principal, header: string | undefined, cookie: string | undefined): void;
  /** Records a request made while impersonating, before it runs. Throws when that fails, so that the request does not run. */
  noteImpersonated(principal: Principal, call: ImpersonatedCall): Promise<void>;
  /** Calls `ended` when the caller's session is revoked, for long-lived connections. Returns the unsubscribe function. */
  watch(principal: Principal, ended: () => void): () => void;
}
export const sessionCookie = "tesslate_auth";
export const refreshCookie = "tesslate_refresh";
export const csrfCookie = "tesslate_csrf_token";

/** Throws 403 for routes an API key cannot call. */
export function checkKey({ scopes }: Principal, spec: Pick<RouteSpec, "keys" | "method" | "readsOnly" | "auth">): void {
  if (!scopes) return;
  const needed = keysOf(spec);
  if (needed === false || spec.auth === "superuser")
    throw forbidden("session_required", "This route does not accept API keys. Sign in instead.");
  if (needed !== "any") requireScope(scopes, needed);
}

/** Throws `impersonation_refused` for routes that cannot be used while impersonating. */
export function checkImpersonation({ impersonator }: Principal, spec: Pick<RouteSpec, "keys" | "method" | "impersonation">): void {
  if (!impersonator) return;
  if (spec.impersonation ?? (spec.keys !== false || spec.method === "GET")) return;
  throw forbidden("impersonation_refused", "Not allowed while impersonating a user. Stop impersonating first.");
}

/** Throws `scope_missing`. `write` includes `read`; a session (no scopes) has all of them. */
export function requireScope(scopes: readonly ApiKeyScope[] | undefined, needed: ApiKeyScope): void {
  if (!scopes || scopes.includes(needed) || (needed === "read" && scopes.includes("write"))) return;
  throw forbidden("scope_missing", `This API key lacks the scope "${needed}". Use a key that has it.`);
}
