import { randomUUID } from "node:crypto";
import { RuntimeError } from "@tesslate/runtime";
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import {
  inputOf,
  isIdempotent,
  type RouteEvent,
  type RouteGroup,
  type RouteInput,
  type RouteOutput,
  type RouteSpec,
} from "@tesslate/contract";
import { AppError, InvalidInput, keyReused } from "../platform/errors.ts";
import {
  checkImpersonation,
  checkKey,
  csrfCookie,
  refreshCookie,
  sessionCookie,
  type Authenticator,
  type Context,
  type Idempotency,
  type Principal,
} from "./context.ts";
import { renderError } from "./errors.ts";
import type { Forwarding } from "./forwarding.ts";
import type { PlaceRoute } from "./placement.ts";
import type { Measurements } from "../platform/measurements.ts";
import type { Span, Traces } from "../platform/traces.ts";
import type { WorkContext } from "../platform/work-context.ts";
import type { FrameSocket, SocketContext, Sockets } from "./sockets.ts";
import { writeEvents } from "./sse.ts";
import { traceHeadersOf } from "./trace-headers.ts";
import { digestForm, readForm } from "./uploads.ts";

type ContextOf<R extends RouteSpec> = Context<
  R["auth"] extends "user" | "superuser" ? Principal : R["auth"] extends "optional" ? Principal | undefined : undefined
>;

/**
 * The handler of one route. SSE handlers reject by throwing before they return their iterable; `undefined` is 204, which tells a
 * reconnecting `EventSource` that the stream is complete.
 */
export type Handler<R extends RouteSpec> = R extends { kind: "sse" }
  ? (context: ContextOf<R>, input: RouteInput<R>) => Promise<AsyncIterable<RouteEvent<R>> | undefined>
  : R extends { kind: "socket" }
    ? (context: SocketContext, input: RouteInput<R>, socket: FrameSocket) => Promise<void>
    : R extends { kind: "raw" | "upload" }
      ? (context: ContextOf<R>, input: RouteInput<R>, http: { request: FastifyRequest; reply: FastifyReply }) => Promise<unknown>
      : (context: ContextOf<R>, input: RouteInput<R>) => Promise<RouteOutput<R>>;
export type Handlers<G extends RouteGroup> = { [N in keyof G]: Handler<G[N]> };

declare module "fastify" {
  interface FastifyRequest {
    principal: Principal | undefined;
    abort: AbortController | undefined;
  }
  interface FastifyContextConfig {
    route?: string;
    isIdempotent?: boolean;
    /** Allowed text fields of the multipart form. */
    formFields?: readonly string[];
  }
}

export interface MountOptions {
  app: FastifyInstance;
  sockets: Sockets;
  auth: Authenticator;
  idempotency: Idempotency;
  /** Aborts at server shutdown and ends open streams. */
  shutdown: AbortSignal;
  isSameSiteOrigin: (origin: string) => boolean;
  measurements: Pick<Measurements, "connected"> | undefined;
  /** Of one of several servers. */
  placeRoute?: PlaceRoute | undefined;
  work?: WorkContext | undefined;
  forwardedIp?: Forwarding["forwardedIp"] | undefined;
}
export type Mount = <G extends RouteGroup>(group: string, routes: G, handlers: Handlers<G>) => void;

/** Mounts contract routes in Fastify: auth, CSRF, validation, serialisation, streams. The only caller of `app.route`. */
export function createMount({
  app,
  sockets,
  auth,
  idempotency,
  shutdown,
  isSameSiteOrigin,
  measurements,
  placeRoute,
  work,
  forwardedIp,
}: MountOptions): Mount {
  const ipOf = (request: FastifyRequest): string => forwardedIp?.(request.raw) ?? request.ip;
  const contextOf = (request: FastifyRequest, reply: FastifyReply): Context<Principal | undefined> => ({
    user: request.principal,
    log: request.log as Context["log"],
    get signal() {
      if (!request.abort) {
        const abort = (request.abort = new AbortController());
        reply.raw.once("close", () => abort.abort());
        if (shutdown.aborted) abort.abort();
        else shutdown.addEventListener("abort", () => abort.abort(), { once: true, signal: abort.signal });
        if (request.principal) {
          const unwatch = auth.watch(request.principal, () => abort.abort());
          if (abort.signal.aborted) unwatch();
          else abort.signal.addEventListener("abort", unwatch, { once: true });
        }
      }
      return request.abort.signal;
    },
    request_id: request.id,
    ip: ipOf(request),
    headers: request.headers,
    cookies: request.cookies,
    setHeader: (name, value) => void reply.header(name, value),
    setCookie: (name, value, options) => void reply.setCookie(name, value, options),
    clearCookie: (name, options) => void reply.clearCookie(name, options),
    status: (code) => void reply.code(code),
    once: async <T>(work: () => Promise<T>): Promise<T> => {
      const claim = claimOf(request);
      if (!claim) return work();
      const answer = await idempotency.once(claim, async () => ({ status: 200, headers: {}, body: JSON.stringify(await work()) }));
      if (answer.isReplayed) reply.header("idempotent-replayed", "true");
      return JSON.parse(answer.body) as T;
    },
  });

  const refuseForeign = ({ headers }: FastifyRequest) => {
    const isForeign = headers.origin === undefined ? headers["sec-fetch-site"] === "cross-site" : !isSameSiteOrigin(headers.origin);
    if (isForeign) throw new AppError("foreign_origin", "Cross-site requests to this route are not allowed.");
  };
  /** Only routes that declare it accept forms, because other sites can send forms without a CORS preflight. */
  const refuseForms = async ({ headers }: FastifyRequest) => {
    // `curl -d ''` sends an empty body with a form content type.
    if (headers["content-length"] === "0") return;
    if (/^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? ""))
      throw new AppError("unsupported_media_type", "Content-Type not supported by this route.");
  };
  const allowNoBody = async (request: FastifyRequest) => {
    // `null` is a body, and no schema accepts it.
    if (request.body === undefined) request.body = {};
  };

  const guard = (name: string, spec: RouteSpec) => async (request: FastifyRequest) => {
    const header = request.headers.authorization;
    const bearer = header === undefined ? undefined : (/^Bearer\s+(\S+)\s*$/i.exec(header)?.[1] ?? "");
    if (spec.auth === "none") {
      // Sign-in and sign-up set cookies without needing any: refuse them from other sites (login CSRF).
      if (request.method !== "GET" && !spec.isForProxies) refuseForeign(request);
      return;
    }
    const brought = bearer === undefined ? request.cookies : {};
    const principal = await auth.authenticate({
      bearer,
      cookie: brought[sessionCookie],
      refresh: spec.takesRefresh ? brought[refreshCookie] : undefined,
    });
    request.principal = principal;
    if (principal) {
      request.log = request.log.child({ user_id: principal.id });
      work?.add({ user_id: principal.id });
    }
    if (spec.auth === "optional") return;
    if (!principal) throw await auth.refusal(bearer ?? brought[sessionCookie]);
    checkKey(principal, spec);
    if (principal.via === "cookie" && request.method !== "GET" && request.method !== "HEAD") {
      if (spec.csrf === false) refuseForeign(request);
      else auth.checkCsrf(principal, request.headers["x-csrf-token"] as string | undefined, request.cookies[csrfCookie]);
    }
    if (spec.auth === "superuser" && !principal.is_superuser) throw new AppError("forbidden", "Only administrators can do this.");
    checkImpersonation(principal, spec);
    if (principal.impersonator && request.method !== "GET" && request.method !== "HEAD" && spec.impersonation !== "end")
      await auth.noteImpersonated(principal, {
        route: name,
        method: request.method,
        path: request.url.split("?")[0] ?? "",
        ip: ipOf(request),
        user_agent: request.headers["user-agent"],
      });
  };

  return (group, routes, handlers) => {
    for (const [key, spec] of Object.entries(routes) as [string, RouteSpec][]) {
      const name = `${group}.${key}`;
      const handle = handlers[key] as (context: unknown, input: unknown, more?: unknown) => Promise<unknown>;
      if (spec.kind === "socket") {
        sockets.route(name, spec, handle as never);
        continue;
      }
      const success = Array.isArray(spec.status) ? 200 : ((spec.status as number | undefined) ?? 200);
      const isList = Boolean(
        (spec.query as { properties?: object } | undefined)?.properties &&
        "skip" in (spec.query as unknown as { properties: object }).properties,
      );
      const accepted = inputOf(spec);
      const placed = placeRoute?.(name, spec);
      const hasWildcard = spec.path.endsWith("{path}");
      const route: RouteOptions = {
        method: spec.method as "GET",
        url: spec.path.replace("{path}", "*").replace(/\{([^}]+)\}/g, ":$1"),
        config: {
          route: name,
          isIdempotent: isIdempotent(spec),
          ...(spec.kind === "upload" && { formFields: Object.keys(spec.formFields ?? {}) }),
        },
        // Streams do not support HEAD.
        ...(spec.method === "GET" && { exposeHeadRoute: spec.kind !== "sse" }),
        ...(spec.bodyLimit !== undefined && { bodyLimit: spec.bodyLimit }),
        schema: {
          ...(spec.params && !hasWildcard && { params: spec.params }),
          ...(accepted.query && { querystring: accepted.query }),
          ...(accepted.body && { body: accepted.body }),
          ...(spec.response &&
            spec.kind !== "raw" &&
            success !== 204 && {
              response: Object.fromEntries((Array.isArray(spec.status) ? spec.status : [success]).map((s) => [s, spec.response])),
            }),
        },
        onRequest: placed ? [placed.onRequest, guard(name, spec)] : guard(name, spec),
        ...(placed?.preHandler && { preHandler: placed.preHandler }),
        ...(!spec.form && { preParsing: refuseForms }),
        ...((spec.bodyOptional || !spec.body) && { preValidation: allowNoBody }),
        handler: async (request, reply) => {
          const params = request.params as Record<string, string>;
          const input = {
            params: hasWildcard ? { ...params, path: params["*"] ?? "" } : params,
            query: request.query,
            body: request.body,
          };
          const query = request.query as { skip?: number; page?: number };
          if (isList && query.skip !== undefined && query.page !== undefined)
            throw new InvalidInput([{ loc: ["query", "page"], msg: "Send either skip or page", type: "value_error" }]);
          const context = contextOf(request, reply);
          if (spec.kind === "sse") {
            const events = (await handle(context, input)) as AsyncIterable<unknown> | undefined;
            if (!events) return reply.code(204).send();
            const { signal } = context;
            reply.hijack();
            const closed = measurements?.connected({ kind: "stream", route: templateOf(request), userId: request.principal?.id });
            await writeEvents(reply.raw, events, {
              signal,
              headers: reply.getHeaders() as Record<string, string>,
            })
              .catch((err: unknown) => request.log.error({ err }, "stream failed"))
              .finally(closed);
            return;
          }
          if (spec.kind === "raw") return handle(context, input, { request, reply });
          if (!Array.isArray(spec.status)) reply.code(success);
          const http = { request, reply };
          const claim = claimOf(request);
          if (claim) {
            const answer = await idempotency.once(claim, async () => {
              const body = await handle(context, input, http);
              const form = readForm(request);
              const etag = reply.getHeader("etag");
              return {
                status: reply.statusCode,
                headers: { ...(typeof etag === "string" && { etag }) },
                ...(form && { form }),
                body: success === 204 ? "" : String(reply.serialize(body)),
              };
            });
            if (answer.isReplayed) {
              if (answer.form && (await digestForm(request, answer.form.parts))?.hash !== answer.form.hash) throw keyReused();
              reply.header("idempotent-replayed", "true");
            }
            for (const [header, value] of Object.entries(answer.headers)) reply.header(header, value);
            reply.code(answer.status as 200);
            return success === 204 ? reply.send() : reply.type("application/json; charset=utf-8").send(answer.body);
          }
          const body = await handle(context, input, http);
          if (success === 204) return reply.send();
          if (request.method === "GET" && isCurrent(reply.getHeader("etag"), request.headers["if-none-match"]))
            return reply.code(304).send();
          return body;
        },
      };
      if (spec.rawBody) void app.register(rawScope(route));
      else app.route(route);
    }
  };
}

/** JSON with sorted keys, equal for equal requests. */
const canonical = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(canonical)
    : typeof value === "object" && value !== null
      ? Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, of]) => [name, canonical(of)]),
        )
      : value;
/** User, idempotency key and request fingerprint; `undefined` without a key or where keys do not apply. */
function claimOf({ headers, routeOptions: { config }, principal, params, query, body }: FastifyRequest) {
  const key = headers["idempotency-key"];
  if (key === undefined || !config.isIdempotent || !principal) return undefined;
  return { user_id: principal.id, key: String(key), request: JSON.stringify(canonical([config.route, params, query, body])) };
}

/** A Fastify scope that does not parse bodies. */
const rawScope = (route: RouteOptions) => async (scope: FastifyInstance) => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
  scope.route(route);
};

/** Whether the client already has this version. */
const isCurrent = (etag: unknown, known: string | undefined): boolean =>
  typeof etag === "string" && (known ?? "").split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);

/** Who records requests. */
export interface RequestWatch {
  work?: WorkContext | undefined;
  traces?: Traces | undefined;
  measurements?: Pick<Measurements, "request" | "refused" | "connected"> | undefined;
}
/** The path template, or `unmatched`. */
const templateOf = ({ routeOptions: { url, config } }: FastifyRequest): string =>
  config.route === undefined ? "unmatched" : (url ?? "").replace(/:(\w+)/g, "{$1}").replace("*", "{path}");

const isAbort = (error: unknown): boolean =>
  (error instanceof RuntimeError && error.code === "aborted") || (error instanceof Error && error.name === "AbortError");

/** The project's ID or slug in the path. */
function projectOf({ params, routeOptions: { url = "" } }: FastifyRequest): string | undefined {
  const { id, project_id } = (params ?? {}) as { id?: string; project_id?: string };
  return project_id ?? (url.startsWith("/api/projects/:id") ? id : undefined);
}
const isEventStream = (reply: FastifyReply): boolean => String(reply.raw.getHeader("content-type")).startsWith("text/event-stream");

/** Routes that say whether the server works. */
const probes = new Set(["/health", "/ready"]);

/** The error, not-found and log hooks of the whole app. */
export function installEdges(app: FastifyInstance, { traces, measurements, work }: RequestWatch = {}): void {
  app.decorateRequest("principal", undefined);
  app.decorateRequest("abort", undefined);
  app.decorateRequest("form", undefined);
  app.setErrorHandler((error, request, reply) => {
    // The client left and its work was stopped: this is not a failure, and no response can be sent.
    if (reply.raw.destroyed && isAbort(error)) return void reply.hijack();
    const rendered = renderError(error, request.id);
    measurements?.refused("code" in rendered.body ? rendered.body.code : "validation_error");
    if (rendered.isUnexpected) request.log.error({ err: error, route: request.routeOptions.config.route }, "request failed");
    for (const [name, value] of Object.entries(rendered.headers)) reply.header(name, value);
    void reply.code(rendered.status).serializer(JSON.stringify).type("application/json; charset=utf-8").send(rendered.body);
  });
  if (traces)
    app.addHook("onRequest", (request, reply, done) => {
      const route = templateOf(request);
      const facts = { "http.request.method": request.method, "http.route": route, "studio.request_id": request.id };
      const serve = (span: Span) => {
        reply.raw.once("close", () => {
          span.set({ "http.response.status_code": reply.statusCode });
          if (reply.statusCode >= 500) span.fail(String(reply.statusCode));
          span.end();
        });
        done();
      };
      traces.open(`${request.method} ${route}`, "server", facts, serve, { from: traceHeadersOf(request.headers) });
    });
  const ends = new WeakMap<FastifyRequest, () => void>();
  if (work)
    app.addHook("onRequest", (request, _reply, done) => {
      work.open({ request_id: request.id }, (end) => {
        ends.set(request, end);
        done();
      });
    });
  // On close of the response, which also fires for disconnects and streams.
  app.addHook("onRequest", async (request, reply) => {
    reply.raw.once("close", () => {
      const fields = {
        method: request.method,
        route: request.routeOptions.config.route,
        project: projectOf(request),
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 10) / 10,
        ...(!reply.raw.writableFinished && { aborted: true }),
      };
      if (!isEventStream(reply))
        measurements?.request({
          method: request.method,
          route: templateOf(request),
          status: reply.statusCode,
          seconds: reply.elapsedTime / 1000,
        });
      // Load balancers send these every second; `/ready` logs when its answer changes.
      if (probes.has(templateOf(request))) request.log.debug(fields, "request");
      else if (reply.statusCode >= 500) request.log.warn(fields, "request");
      else request.log.info(fields, "request");
      ends.get(request)?.();
    });
  });
}
export const nextRequestId = () => randomUUID();
