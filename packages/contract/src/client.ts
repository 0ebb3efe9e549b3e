import type { ErrorBody, ValidationErrorBody } from "./schema.ts";
import type { RouteEvent, RouteGroup, RouteInput, RouteOutput, RouteSpec } from "./route.ts";

/** Thrown for every response with a status of 400 or more, and with `network` and status 0 if there was no response. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly details: Record<string, unknown> | undefined;
  /** Field errors of a 422: the last part of `loc` and the message. */
  readonly issues: ValidationErrorBody["detail"];
  readonly requestId: string | undefined;
  readonly retryAfterSeconds: number | undefined;
  constructor(status: number, body: Partial<ErrorBody> | ValidationErrorBody | undefined, headers?: Headers) {
    const detail = body?.detail;
    super(
      typeof detail === "string"
        ? detail
        : Array.isArray(detail)
          ? (detail[0]?.msg ?? "The request is malformed.")
          : `The server answered ${status}.`,
    );
    const plain = (typeof detail === "string" ? body : undefined) as Partial<ErrorBody> | undefined;
    this.status = status;
    this.code = plain?.code ?? (status === 422 ? "validation_error" : status === 0 ? "network" : "unknown");
    this.details = plain?.details;
    this.issues = Array.isArray(detail) ? detail : [];
    this.requestId = plain?.request_id;
    const wait = Number(headers?.get("retry-after"));
    this.retryAfterSeconds = Number.isFinite(wait) && wait > 0 ? wait : undefined;
  }
}

export interface RequestOptions {
  signal?: AbortSignal;
  /** Of a stream: the server has accepted it, with or without a first event. */
  onOpen?: () => void;
  headers?: Record<string, string>;
}
type Input<R extends RouteSpec> = unknown extends RouteInput<R> ? undefined : { [K in keyof RouteInput<R>]: RouteInput<R>[K] };
type Optionals<I> = I extends undefined
  ? undefined
  : { [K in keyof I as object extends I[K] ? never : K]: I[K] } & { [K in keyof I as object extends I[K] ? K : never]?: I[K] };
type Args<R extends RouteSpec> =
  Optionals<Input<R>> extends infer I
    ? I extends undefined
      ? [input?: undefined, options?: RequestOptions]
      : object extends I
        ? [input?: I, options?: RequestOptions]
        : [input: I, options?: RequestOptions]
    : never;

type Call<R extends RouteSpec> = R extends { kind: "sse" }
  ? (...args: Args<R>) => AsyncIterable<RouteEvent<R>>
  : R extends { kind: "socket" }
    ? (...args: Args<R>) => string
    : R extends { kind: "upload" }
      ? (input: Record<string, unknown> & { form: FormData }, options?: RequestOptions) => Promise<RouteOutput<R>>
      : (...args: Args<R>) => Promise<RouteOutput<R>>;

/** `client.projects.create({ body: { name } })`; SSE routes give an async iterable of events, sockets their URL path. */
export type Client<C extends Record<string, RouteGroup>> = { [G in keyof C]: { [N in keyof C[G]]: Call<C[G][N]> } };

export interface ClientOptions {
  /** Default: same origin. */
  baseUrl?: string;
  /** Called for every request: credentials, CSRF and refresh go here. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

interface LooseInput {
  params?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  form?: FormData;
}

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

/** Reads the `data:` lines of an event stream. Ends when the server ends it; throws on a broken connection. */
export async function* readEvents<T>(body: ReadableStream<Uint8Array>): AsyncGenerator<T> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let buffered = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      buffered += decoder.decode(value, { stream: true });
      let end: number;
      while ((end = buffered.indexOf("\n\n")) >= 0) {
        const block = buffered.slice(0, end);
        buffered = buffered.slice(end + 2);
        for (const line of block.split("\n")) if (line.startsWith("data: ")) yield JSON.parse(line.slice(6)) as T;
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

export function createClient<C extends Record<string, RouteGroup>>(contract: C, options: ClientOptions = {}): Client<C> {
  const base = options.baseUrl ?? "";
  const send = options.fetch ?? ((url, init) => fetch(url, init));

  const request = async (spec: RouteSpec, input: LooseInput, call: RequestOptions): Promise<Response> => {
    const headers: Record<string, string> = { accept: spec.kind === "sse" ? "text/event-stream" : "application/json", ...call.headers };
    const init: RequestInit = { method: spec.method, headers };
    if (call.signal) init.signal = call.signal;
    if (input.form) init.body = input.form;
    else if (input.body !== undefined) {
      headers["content-type"] = "application/json";
      init.body = JSON.stringify(input.body);
    }
    let response: Response;
    try {
      response = await send(base + urlOf(spec.path, input), init);
    } catch (cause) {
      if (call.signal?.aborted) throw cause;
      throw Object.assign(new ApiError(0, { detail: "The server did not answer.", code: "network" }), { cause });
    }
    if (response.ok) return response;
    const body = (await response.json().catch(() => undefined)) as ErrorBody | ValidationErrorBody | undefined;
    throw new ApiError(response.status, body, response.headers);
  };

  const callOf = (spec: RouteSpec) => {
    if (spec.kind === "socket") return (input: LooseInput = {}) => urlOf(spec.path, input);
    if (spec.kind === "sse")
      return async function* (input: LooseInput = {}, call: RequestOptions = {}) {
        const response = await request(spec, input, call);
        call.onOpen?.();
        if (response.body) yield* readEvents(response.body);
      };
    return async (input: LooseInput = {}, call: RequestOptions = {}) => {
      const response = await request(spec, input, call);
      if (response.status === 204) return undefined;
      return spec.kind === "raw" && !(response.headers.get("content-type") ?? "").includes("json") ? response : response.json();
    };
  };
  return Object.fromEntries(
    Object.entries(contract).map(([group, routes]) => [
      group,
      Object.fromEntries(Object.entries(routes).map(([name, spec]) => [name, callOf(spec)])),
    ]),
  ) as Client<C>;
}
