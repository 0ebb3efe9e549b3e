import type { IncomingHttpHeaders } from "node:http";
import type { CookieSerializeOptions } from "@fastify/cookie";
import type { Logger } from "pino";
import type { ApiKeyScope, EditMode, RouteSpec } from "@tesslate/contract";
import { forbidden, type AppError } from "../platform/errors.ts";

/** Who calls. `via` tells whether CSRF applies. */
export interface Principal {
  id: string;
  is_superuser: boolean;
  username: string;
  name: string;
  session_id: string | undefined;
  via: "bearer" | "cookie" | "ticket" | "key";
  /** The administrator who acts as this person, and until when. */
  impersonator?: { id: string; username: string; session_id: string; expires_at_ms: number };
  /** Of an API key. A session may do everything. */
  scopes?: readonly ApiKeyScope[];
  key?: { id: string; hash: string; edit_mode: EditMode };
}

/** An answer that can be given again. */
export interface StoredAnswer {
  status: number;
  body: string;
  headers: Record<string, string>;
  /** Of an upload: what was read of its form, see `digestForm`. */
  form?: FormDigest;
}
export interface FormDigest {
  parts: number;
  hash: string;
}
/** How the front door answers the same request once; implemented by `features/core/idempotency`. */
export interface Idempotency {
  /**
   * Does the work for this person's key once, and answers the same to the same request from then on. Throws 422 for a key of another request,
   * `idempotency_key_running` while the first one is under way, `idempotency_key_interrupted` when its process died.
   */
  once(
    claim: { user_id: string; key: string; request: string },
    work: () => Promise<StoredAnswer>,
  ): Promise<StoredAnswer & { isReplayed: boolean }>;
}

/** What a handler may know and say about the call beside its input. The only view of HTTP that features get. */
export interface Context<P = Principal> {
  user: P;
  log: Logger;
  /** Aborts when the client goes away or the server shuts down. */
  signal: AbortSignal;
  request_id: string;
  ip: string;
  headers: IncomingHttpHeaders;
  cookies: Record<string, string | undefined>;
  setHeader(name: string, value: string): void;
  setCookie(name: string, value: string, options: CookieSerializeOptions): void;
  clearCookie(name: string, options: CookieSerializeOptions): void;
  /** Picks 201 or 200 on upsert routes; 503 is readiness saying no. */
  status(code: 200 | 201 | 503): void;
  /** For what begins a stream: done once for a request with an `Idempotency-Key`, and its JSON given back to the same request later. */
  once<T>(work: () => Promise<T>): Promise<T>;
}

export interface ImpersonatedCall {
  route: string;
  method: string;
  /** Without its query. */
  path: string;
  ip: string;
  user_agent: string | undefined;
}

/** How the front door learns who calls; implemented by `features/accounts/auth`. */
export interface Authenticator {
  /** A bearer token alone counts when there is one; `refresh` where the route takes it for a cookie that ran out. `undefined`: nobody. */
  authenticate(credentials: {
    bearer: string | undefined;
    cookie: string | undefined;
    refresh?: string | undefined;
  }): Promise<Principal | undefined>;
  /** The 401 for a token that is nobody's, or for none. */
  refusal(token: string | undefined): Promise<AppError>;
  redeemTicket(ticket: string): Promise<Principal | undefined>;
  /** Throws `csrf_missing`, `csrf_mismatch` or `csrf_invalid`. */
  checkCsrf(principal: Principal, header: string | undefined, cookie: string | undefined): void;
  /** Writes down, before it happens, what an administrator does as somebody else. Throws when it cannot: then it does not happen. */
  noteImpersonated(principal: Principal, call: ImpersonatedCall): Promise<void>;
  /** Calls `ended` when the caller's session is revoked while something long is open. Returns the unsubscribe function. */
  watch(principal: Principal, ended: () => void): () => void;
}
export const sessionCookie = "tesslate_auth";
export const refreshCookie = "tesslate_refresh";
export const csrfCookie = "tesslate_csrf_token";

/** Throws 403 for what an API key may not do. */
export function checkKey({ scopes }: Principal, spec: Pick<RouteSpec, "keys" | "method" | "auth">): void {
  if (!scopes) return;
  if (spec.keys === false || spec.auth === "superuser") throw forbidden("session_required", "An API key cannot do this. Sign in.");
  if (spec.keys !== "any") requireScope(scopes, spec.keys ?? (spec.method === "GET" ? "read" : "write"));
}

/** Throws `impersonation_refused` for what nobody may do in another's name. */
export function checkImpersonation({ impersonator }: Principal, spec: Pick<RouteSpec, "keys" | "method" | "impersonation">): void {
  if (!impersonator) return;
  if (spec.impersonation ?? (spec.keys !== false || spec.method === "GET")) return;
  throw forbidden("impersonation_refused", "This is for the person themselves. Stop acting as them first.");
}

/** Throws `scope_missing`. Whoever may write may read; a session (no scopes) may everything. */
export function requireScope(scopes: readonly ApiKeyScope[] | undefined, needed: ApiKeyScope): void {
  if (!scopes || scopes.includes(needed) || (needed === "read" && scopes.includes("write"))) return;
  throw forbidden("scope_missing", `This API key may not ${{ read: "read", write: "change anything", run: "run the agent" }[needed]}.`);
}
