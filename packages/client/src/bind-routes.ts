import type { ErrorBody, RouteEvent, RouteGroup, RouteInput, RouteOutput, RouteSpec, ValidationErrorBody } from "@tesslate/contract";
import type { Static, TSchema } from "@tesslate/contract";
import { ApiError } from "./api-error.ts";
import { reopen, type ConnectionHints } from "./reopen.ts";
import { readEvents } from "./server-events.ts";
import type { WireRoute, WireRoutes } from "./wire-routes.ts";

export interface RequestOptions {
  signal?: AbortSignal;
  headers?: Record<string, string>;
  /** In a browser: the request is completed even if the page is closed. For at most 64 kB. */
  keepalive?: boolean;
  /** Called with the response of success before its body is read: for headers such as `ETag` and `Checkpoint-Id`. */
  onResponse?: (response: Response) => void;
}
export interface StreamOptions extends RequestOptions {
  /** Resume after this event. The default is in the description of each stream. */
  lastEventId?: string | number;
  /** Called for every connection that the server accepted, with or without a first event. */
  onOpen?: () => void;
  /** The connection was lost and will be opened again. */
  onBroken?: (error: unknown) => void;
  /** When to retry at once, and when a connection is dead. */
  hints?: ConnectionHints;
  /** 0 to 1, for the jitter of the pauses. */
  random?: () => number;
}

type Input<R extends RouteSpec> = unknown extends RouteInput<R> ? undefined : { [K in keyof RouteInput<R>]: RouteInput<R>[K] };
type Optionals<I> = I extends undefined
  ? undefined
  : { [K in keyof I as object extends I[K] ? never : K]: I[K] } & { [K in keyof I as object extends I[K] ? K : never]?: I[K] };
type Args<R extends RouteSpec, O> =
  Optionals<Input<R>> extends infer I
    ? I extends undefined
      ? [input?: undefined, options?: O]
      : object extends I
        ? [input?: I, options?: O]
        : [input: I, options?: O]
    : never;

/** The path of a socket, with the types of its frames. */
export type SocketPath<Received, Sent> = string & { readonly frames?: { received: Received; sent: Sent } };
type SentFrame<R extends RouteSpec> = R extends { frames: infer S extends TSchema } ? Static<S> : never;

type Call<R extends RouteSpec> = R extends { kind: "sse" }
  ? (...args: Args<R, StreamOptions>) => AsyncGenerator<RouteEvent<R>, void>
  : R extends { kind: "socket" }
    ? (...args: Args<R, RequestOptions>) => SocketPath<RouteEvent<R>, SentFrame<R>>
    : R extends { kind: "upload" }
      ? (
          input: (Input<R> extends undefined ? object : Optionals<Input<R>>) & { form: FormData },
          options?: RequestOptions,
        ) => Promise<RouteOutput<R>>
      : (...args: Args<R, RequestOptions>) => Promise<R extends { kind: "raw"; contentType: string } ? Response : RouteOutput<R>>;

/** `client.projects.create({ body: { name } })`; event streams are async iterables, sockets their URL path. */
export type Client<C extends Record<string, RouteGroup>> = { [G in keyof C]: { [N in keyof C[G]]: Call<C[G][N]> } };

export interface BindOptions {
  /** Default: same origin. */
  baseUrl?: string;
  /** Called for every request: credentials, CSRF, refresh and retries go here. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

interface LooseInput {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  form?: FormData;
}

/** The server sends a keepalive every 15 s; three missed ones mean a dead connection. */
const silenceMs = 50_000;

/** Fills `{params}` of a path and appends the query. `{path}` keeps its slashes. */
export function urlOf(path: string, input: LooseInput = {}): string {
  const filled = path.replace(/\{([^}]+)\}/g, (_, name: string) => {
    const value = String(input.params?.[name] ?? "");
    return name === "path" ? value.split("/").map(encodeURIComponent).join("/") : encodeURIComponent(value);
  });
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(input.query ?? {})) if (value !== undefined && value !== null) query.append(key, String(value));
  const text = query.toString();
  return text ? `${filled}?${text}` : filled;
}

/** The typed client of the routes. */
export function bindRoutes<C extends Record<string, RouteGroup>>(routes: WireRoutes, options: BindOptions = {}): Client<C> {
  const base = options.baseUrl ?? "";
  const send = options.fetch ?? ((url, init) => fetch(url, init));

  const request = async (route: WireRoute, input: LooseInput, call: RequestOptions): Promise<Response> => {
    const headers: Record<string, string> = { accept: route.kind === "sse" ? "text/event-stream" : "application/json", ...call.headers };
    const init: RequestInit = { method: route.method, headers };
    if (call.signal) init.signal = call.signal;
    if (call.keepalive) init.keepalive = true;
    if (route.kind === "sse") init.cache = "no-store";
    if (input.form) init.body = input.form;
    else if (input.body !== undefined) {
      headers["content-type"] = "application/json";
      init.body = JSON.stringify(input.body);
    }
    let response: Response;
    try {
      response = await send(base + urlOf(route.path, input), init);
    } catch (cause) {
      if (call.signal?.aborted) throw cause;
      throw Object.assign(new ApiError(0, { detail: "The server did not answer.", code: "network" }), { cause });
    }
    if (response.ok) {
      call.onResponse?.(response);
      return response;
    }
    const body = (await response.json().catch(() => undefined)) as ErrorBody | ValidationErrorBody | undefined;
    throw new ApiError(response.status, body, response.headers);
  };

  /** Events of a stream over all its connections, each once. One that cannot be resumed has a single connection. */
  async function* stream(route: WireRoute, input: LooseInput, call: StreamOptions): AsyncGenerator<unknown, void> {
    let lastEventId = call.lastEventId === undefined ? undefined : String(call.lastEventId);
    let isOver = false;
    async function* connection(outer: AbortSignal | undefined, onBytes?: () => void): AsyncGenerator<unknown, void> {
      const silence = new AbortController();
      const signal = outer ? AbortSignal.any([outer, silence.signal]) : silence.signal;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const listen = () => {
        clearTimeout(timer);
        timer = setTimeout(() => silence.abort(), silenceMs);
      };
      listen();
      try {
        const headers = { ...call.headers, ...(lastEventId !== undefined && { "last-event-id": lastEventId }) };
        const response = await request(route, input, { ...(call.onResponse && { onResponse: call.onResponse }), headers, signal });
        if (signal.aborted) return;
        if (response.status === 204) {
          isOver = true;
          return;
        }
        call.onOpen?.();
        if (!response.body) return;
        const events = readEvents<unknown>(response.body, () => {
          listen();
          onBytes?.();
        });
        for await (const { id, data } of events) {
          if (signal.aborted) return;
          if (id !== undefined) {
            if (lastEventId !== undefined && Number(id) <= Number(lastEventId)) continue;
            lastEventId = id;
          }
          yield data;
        }
      } finally {
        clearTimeout(timer);
      }
    }
    if (!route.isResumable) return yield* connection(call.signal);
    yield* reopen({
      ...call,
      isOver: () => isOver,
      async *open(signal, onBytes) {
        for (let before = lastEventId; !signal.aborted; before = lastEventId) {
          yield* connection(signal, onBytes);
          // It has probably ended, which the next response reports. A server that is shutting down ends its streams too.
          if (isOver || !route.hasEnd || lastEventId === before) return;
        }
      },
    });
  }

  const callOf = (route: WireRoute) => {
    if (route.kind === "socket") return (input: LooseInput = {}) => urlOf(route.path, input);
    if (route.kind === "sse") return (input: LooseInput = {}, call: StreamOptions = {}) => stream(route, input, call);
    return async (input: LooseInput = {}, call: RequestOptions = {}) => {
      const response = await request(route, input, call);
      if (response.status === 204) return undefined;
      return route.kind === "raw" && !(response.headers.get("content-type") ?? "").includes("json") ? response : response.json();
    };
  };
  return Object.fromEntries(
    Object.entries(routes).map(([group, members]) => [
      group,
      Object.fromEntries(Object.entries(members).map(([name, route]) => [name, callOf(route)])),
    ]),
  ) as Client<C>;
}
