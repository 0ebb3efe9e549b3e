import type { Static, TSchema } from "typebox";
import type { ErrorCode } from "./errors.ts";
import type { ApiTag } from "./tags.ts";

export type RequestHeader = "If-Match" | "If-None-Match" | "Last-Event-ID" | "Range";
export type ResponseHeader =
  | "ETag"
  | "Location"
  | "Checkpoint-Id"
  | "Snapshot-Id"
  | "Kept-Directory"
  | "Content-Disposition"
  | "Content-Range";

/**
 * A route is a value. Validation, serialisation, the auth level, the OpenAPI document and the typed client all follow from it. `kind`: `json`
 * (default), `sse` (the response is a stream of `events`), `socket` (WebSocket; `events` are the server's frames), `upload` (multipart in,
 * JSON out), `raw` (the handler writes the response itself).
 */
export interface RouteSpec {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "WS";
  /** OpenAPI form: `/api/projects/{id}`. A trailing `{path}` takes the whole rest, slashes included. */
  path: string;
  tag: ApiTag;
  /** Verb and noun in sentence case: "List projects". */
  summary: string;
  /** Markdown for the API reference: what it does, cost, limits, side effects, notable errors. Who may call it is added from `auth` and `keys`. */
  description: string;
  auth: "none" | "optional" | "user" | "superuser";
  kind?: "json" | "sse" | "socket" | "upload" | "raw";
  /** Success status; several for upserts. Default 200. */
  status?: 200 | 201 | 202 | 204 | 303 | readonly [201, 200];
  params?: TSchema;
  query?: TSchema;
  body?: TSchema;
  /** Text fields of a multipart form beside its `file`, for the document; the handler reads them itself. */
  formFields?: Record<string, TSchema>;
  /** Why unknown fields are accepted in its query or body: others decide what they send. Everywhere else they are 422 (`inputOf`). */
  takesUnknown?: { query?: string; body?: string };
  /** The JSON body can be left out. */
  bodyOptional?: boolean;
  /** Largest accepted body in bytes; default 1 MiB. */
  bodyLimit?: number;
  /** Also takes `application/x-www-form-urlencoded`. */
  form?: boolean;
  /** A `raw` handler gets the bytes of the body as a Buffer in `request.body`, whatever their type; for signatures. */
  rawBody?: true;
  response?: TSchema;
  /** Content type of a `raw` answer. */
  contentType?: string;
  /** Other content types of a `raw` answer, for some values of the query. */
  otherContentTypes?: readonly string[];
  /** A `raw` answer may be the part that a `Range` header requests (206). */
  isRanged?: true;
  /** The stream ends, and answers 204 to a client that already received its end, so that an `EventSource` stops reconnecting. */
  hasEnd?: true;
  /** Headers that the operation reads, beside those of authentication and idempotency. */
  requestHeaders?: readonly RequestHeader[];
  /** Headers of a success response that mean something to a client. */
  responseHeaders?: readonly ResponseHeader[];
  events?: TSchema;
  /** Client frames of a socket. */
  frames?: TSchema;
  /** Statuses of answers that do not have the form of our errors, with what they mean: pages of a `raw` handler, answers of another protocol. */
  otherErrors?: Readonly<Record<number, string>>;
  /** Error codes of the operation, beside those that every operation can answer. */
  errors?: readonly ErrorCode[];
  /**
   * A POST or a socket that changes nothing: an API key needs the scope `read`, there is no `Idempotency-Key`, and a socket is not recorded when
   * an administrator who impersonates a user opens it.
   */
  readsOnly?: true;
  /** Writes with the session cookie need the CSRF header unless this is false. */
  csrf?: false;
  /** Also accepts the refresh cookie if the access token has expired, without issuing a new one. */
  takesRefresh?: true;
  /**
   * `false`: not with an API key (403 `session_required`). `run`: a key needs that scope. `any`: the handler checks. Default: `read` for GET and
   * `readsOnly`, `write` for the rest (403 `scope_missing`).
   */
  keys?: false | "read" | "run" | "any";
  /**
   * Whether an administrator may do this while impersonating a user. Default: everything except writes with `keys: false`. `false` answers 403
   * `impersonation_refused`. `"end"` ends the impersonation and is recorded as such.
   */
  impersonation?: boolean | "end";
  /** Called by a proxy for a browser of another site, so the `Origin` of the request means nothing (forward-auth). */
  isForProxies?: true;
}

/** Whether it supports `Idempotency-Key`: every POST of a signed-in caller that changes something. A `raw` handler follows its own protocol. */
export const isIdempotent = ({ method, auth, kind, readsOnly }: RouteSpec): boolean =>
  method === "POST" && (auth === "user" || auth === "superuser") && kind !== "raw" && !readsOnly;

/** What an API key needs for the route: a scope, `any` (the handler checks), or `false` (not with a key). */
export const keysOf = ({ keys, method, readsOnly }: Pick<RouteSpec, "keys" | "method" | "readsOnly">) =>
  keys ?? (method === "GET" || readsOnly ? "read" : "write");

export const route = <const R extends RouteSpec>(spec: R): R => spec;
export type RouteGroup = Record<string, RouteSpec>;

type Part<R, K extends string, Out extends string> = R extends { [P in K]: infer S extends TSchema } ? { [P in Out]: Static<S> } : unknown;
/** What a handler receives. */
export type RouteInput<R extends RouteSpec> = Part<R, "params", "params"> & Part<R, "query", "query"> & Part<R, "body", "body">;
export type RouteOutput<R extends RouteSpec> = R extends { response: infer S extends TSchema } ? Static<S> : void;
export type RouteEvent<R extends RouteSpec> = R extends { events: infer S extends TSchema } ? Static<S> : never;
