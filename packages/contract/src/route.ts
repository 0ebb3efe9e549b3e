import type { Static, TSchema } from "typebox";
import type { ErrorCode } from "./errors.ts";

/**
 * A route is a value. Validation, serialisation, the auth level, the OpenAPI document and the typed client all follow from it.
 * `kind`: `json` (default), `sse` (answer is a stream of `events`), `socket` (WebSocket; `events` are the server's frames),
 * `upload` (multipart in, JSON out), `raw` (the handler writes the reply itself).
 */
export interface RouteSpec {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "WS";
  /** OpenAPI form: `/api/projects/{id}`. A trailing `{path}` takes the whole rest, slashes included. */
  path: string;
  tag: string;
  summary: string;
  auth: "none" | "optional" | "user" | "superuser";
  kind?: "json" | "sse" | "socket" | "upload" | "raw";
  /** Success status; several for upserts. Default 200. */
  status?: 200 | 201 | 202 | 204 | 303 | readonly [201, 200];
  params?: TSchema;
  query?: TSchema;
  body?: TSchema;
  /** Text fields of a multipart form beside its `file`, for the document; the handler reads them itself. */
  formFields?: Record<string, TSchema>;
  /** Why fields that the schemas do not name are let through in its query or body: others decide what they send. Everywhere else they are 422 (`inputOf`). */
  takesUnknown?: { query?: string; body?: string };
  /** JSON bodies may be absent altogether. */
  bodyOptional?: boolean;
  /** Largest accepted body in bytes; default 1 MiB. */
  bodyLimit?: number;
  /** Also takes `application/x-www-form-urlencoded`. */
  form?: boolean;
  /** A `raw` handler finds the body's bytes as they came (a Buffer) in `request.body`, whatever their type; for signatures over them. */
  rawBody?: true;
  response?: TSchema;
  /** Content type of a `raw` answer. */
  contentType?: string;
  /** Content types that a `raw` answer has instead, for some values of the query. */
  otherContentTypes?: readonly string[];
  /** A `raw` answer may be the part that a `Range` header asks for (206). */
  isRanged?: true;
  events?: TSchema;
  /** Client frames of a socket. */
  frames?: TSchema;
  /** Codes beside the usual ones, for the document. */
  errors?: readonly ErrorCode[];
  /** Cookie-authenticated writes need the CSRF header unless this is false (accounts-projects 0.5). */
  csrf?: false;
  /** Whoever's access token ran out may still do this with the refresh cookie, without a new one. */
  takesRefresh?: true;
  /**
   * `false`: for people only. An API key cannot do this (403 `session_required`). `run`: a key needs that scope. `any`: the handler looks. Otherwise `read` is
   * needed for GET and `write` for the rest (403 `scope_missing`).
   */
  keys?: false | "run" | "any";
  /**
   * Whether an administrator who acts as somebody else may do this. Without it: everything but writes that only a person may do (`keys: false`).
   * `false` answers 403 `impersonation_refused`. `"end"` ends the impersonation, which the audit log records as such and not as a change.
   */
  impersonation?: boolean | "end";
  /** Asked by a proxy on behalf of a browser that is on another site, so the `Origin` of the call says nothing (forward-auth). */
  isForProxies?: true;
}

/**
 * Whether it honours `Idempotency-Key`: every POST of somebody who is signed in, since each creates or starts something. What a `raw` handler writes is
 * its protocol's own business.
 */
export const isIdempotent = ({ method, auth, kind }: RouteSpec): boolean =>
  method === "POST" && (auth === "user" || auth === "superuser") && kind !== "raw";

export const route = <const R extends RouteSpec>(spec: R): R => spec;
export type RouteGroup = Record<string, RouteSpec>;

type Part<R, K extends string, Out extends string> = R extends { [P in K]: infer S extends TSchema } ? { [P in Out]: Static<S> } : unknown;
/** What a handler receives. */
export type RouteInput<R extends RouteSpec> = Part<R, "params", "params"> & Part<R, "query", "query"> & Part<R, "body", "body">;
export type RouteOutput<R extends RouteSpec> = R extends { response: infer S extends TSchema } ? Static<S> : void;
export type RouteEvent<R extends RouteSpec> = R extends { events: infer S extends TSchema } ? Static<S> : never;
