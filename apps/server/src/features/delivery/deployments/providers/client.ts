import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { ProviderErrorKind } from "@tesslate/contract";
import type { Outbound } from "../../../../platform/outbound.ts";
import { AppError } from "../../../../platform/errors.ts";

/** A provider request that failed after all retries. The message is for users: it has the provider's reason and never the token. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly kind: ProviderErrorKind;
  /** HTTP status of the response; 0 when there was none. */
  readonly status: number;
  /** The provider's error code. */
  readonly providerCode: string | undefined;
  readonly body: unknown;
  readonly retryAfterMs: number | undefined;
  constructor(
    kind: ProviderError["kind"],
    message: string,
    facts: { status?: number; providerCode?: string | undefined; body?: unknown; retryAfterMs?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.kind = kind;
    this.status = facts.status ?? 0;
    this.providerCode = facts.providerCode;
    this.body = facts.body;
    this.retryAfterMs = facts.retryAfterMs;
  }
}

/** A request body that can be sent again; `length` in bytes. */
export interface StreamBody {
  length: number;
  open(): Readable;
}
export interface Call {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  query?: Record<string, string | undefined>;
  headers?: Record<string, string>;
  json?: unknown;
  form?: Record<string, string>;
  stream?: StreamBody;
  /** Overrides the credential's token. */
  token?: string;
  signal?: AbortSignal;
  /** Per attempt, until the last byte of the response. Default 60 s. */
  timeoutMs?: number;
  /** `if-unprocessed`: not idempotent, so retried only when an attempt was certainly not processed (429, no connection). */
  retry?: "always" | "if-unprocessed" | "never";
  /** Only the status matters; the body is discarded. */
  statusOnly?: boolean;
}
export interface ProviderResponse {
  status: number;
  headers: Headers;
  /** Parsed JSON; text when it is not JSON; undefined when there is no body. */
  body: unknown;
}

/** Extracts message and code from the provider's error format. */
export type ReadReason = (body: unknown, status: number) => { message?: string | undefined; code?: string | undefined };
/** Up to `tries` attempts with exponential backoff and jitter, starting at `firstMs`. */
export interface RetryPolicy {
  tries: number;
  firstMs: number;
  /** A longer Retry-After fails instead of waiting. */
  maxWaitMs: number;
}
export const defaultRetry: RetryPolicy = { tries: 4, firstMs: 1000, maxWaitMs: 90_000 };

export interface ProviderClient {
  /** One request, retried where that is safe. Throws `ProviderError`; an aborted signal throws its reason. */
  call(path: string, call?: Call): Promise<ProviderResponse>;
}

const maxResponseBytes = 16 * 2 ** 20;
const callMs = 60_000;

/**
 * HTTP client for a provider's API: bearer token, response size limit, retries that respect Retry-After. `name` appears in error messages.
 */
export function createProviderClient({
  name,
  baseUrl,
  token,
  query: always = {},
  outbound,
  reasonOf,
  retry = defaultRetry,
}: {
  name: string;
  baseUrl: string;
  token?: string;
  /** Added to every request. */
  query?: Record<string, string | undefined>;
  outbound: Outbound;
  reasonOf: ReadReason;
  retry?: RetryPolicy;
}): ProviderClient {
  const send = async (path: string, call: Call): Promise<ProviderResponse> => {
    const url = new URL(baseUrl + path);
    for (const [key, value] of Object.entries({ ...always, ...call.query })) if (value !== undefined) url.searchParams.set(key, value);
    const bearer = call.token ?? token;
    const headers: Record<string, string> = {
      accept: "application/json",
      "user-agent": "tesslate-studio",
      ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      ...(call.json !== undefined && { "content-type": "application/json" }),
      ...(call.form && { "content-type": "application/x-www-form-urlencoded" }),
      ...(call.stream && { "content-length": String(call.stream.length) }),
      ...call.headers,
    };
    const source = call.stream?.open();
    const body = source
      ? (Readable.toWeb(source) as unknown as ReadableStream)
      : call.json !== undefined
        ? JSON.stringify(call.json)
        : call.form && new URLSearchParams(call.form).toString();
    const fetch = outbound.limited({ timeoutMs: call.timeoutMs ?? callMs, maxBytes: maxResponseBytes });
    try {
      const response = await fetch(url, {
        method: call.method ?? "GET",
        headers,
        redirect: "manual",
        ...(body !== undefined && { body }),
        ...(call.signal && { signal: call.signal }),
      });
      if (call.statusOnly && response.ok) {
        await response.body?.cancel();
        return { status: response.status, headers: response.headers, body: undefined };
      }
      return { status: response.status, headers: response.headers, body: parsed(await response.text()) };
    } finally {
      source?.destroy();
    }
  };

  const failureOf = ({ status, headers, body }: ProviderResponse, bearer: string | undefined): ProviderError => {
    const { message, code } = reasonOf(body, status);
    const reason = sanitize(message ?? "", bearer);
    const facts = { status, providerCode: code, body, retryAfterMs: retryAfterOf(headers, Date.now()) };
    const says = reason === "" ? "" : `: ${reason}`;
    if (status === 401) return new ProviderError("auth", `${name} rejected the token${says || "."}`, facts);
    if (status === 403) return new ProviderError("forbidden", `${name} denied access${says || "."}`, facts);
    if (status === 404) return new ProviderError("not_found", `${name} did not find it${says || "."}`, facts);
    if (status === 409) return new ProviderError("taken", `${name} reports a conflict${says || "."}`, facts);
    if (status === 429) return new ProviderError("busy", `${name} rate limit reached ${waitText(facts.retryAfterMs)}${says || "."}`, facts);
    if (status >= 500) return new ProviderError("down", `${name} failed (${status})${says || "."}`, facts);
    return new ProviderError("refused", `${name} refused (${status})${says || "."}`, facts);
  };

  return {
    call: async (path, call = {}) => {
      const mode = call.retry ?? "always";
      for (let attempt = 1; ; attempt++) {
        call.signal?.throwIfAborted();
        let failure: ProviderError;
        let mayRetry: boolean;
        try {
          const response = await send(path, call);
          if (response.status >= 200 && response.status < 300) return response;
          failure = failureOf(response, call.token ?? token);
          mayRetry = response.status === 429 || (response.status >= 500 && mode === "always");
        } catch (cause) {
          call.signal?.throwIfAborted();
          if (cause instanceof AppError) throw new ProviderError("refused", `${name}: ${cause.message}`, { cause });
          const how = isNotConnected(cause) ? "is not reachable" : "closed the connection";
          failure = new ProviderError("unreachable", `${name} ${how}: ${sanitize(messageOf(cause), call.token ?? token)}`, { cause });
          mayRetry = mode === "always" || isNotConnected(cause);
        }
        const pause = Math.max(failure.retryAfterMs ?? 0, retry.firstMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2));
        if (!mayRetry || mode === "never" || attempt >= retry.tries || pause > retry.maxWaitMs) throw failure;
        await sleep(pause, undefined, { ...(call.signal && { signal: call.signal }) });
      }
    },
  };
}

/**
 * Creates something exactly once: when it is unclear whether an attempt was processed, `find` looks for it before the next. `make` must
 * not retry on its own.
 */
export async function createIdempotently<T>({
  find,
  make,
  retry = defaultRetry,
  signal,
}: {
  find: () => Promise<T | undefined>;
  make: () => Promise<T>;
  retry?: RetryPolicy | undefined;
  signal?: AbortSignal;
}): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await make();
    } catch (error) {
      const isUnclear = error instanceof ProviderError && (error.kind === "unreachable" || error.status >= 500);
      if (!isUnclear || attempt >= retry.tries) throw error;
      await sleep(retry.firstMs * 2 ** (attempt - 1), undefined, { ...(signal && { signal }) });
      const found = await find();
      if (found !== undefined) return found;
    }
  }
}

/** `name`, then alternatives for when it is taken; at most 63 characters each. */
export function* freeNames(name: string): Generator<string> {
  yield name;
  const withSuffix = (suffix: string) => `${name.slice(0, 62 - suffix.length).replace(/-+$/, "")}-${suffix}`;
  for (let n = 2; n <= 4; n++) yield withSuffix(String(n));
  for (let n = 0; n < 5; n++) yield withSuffix(Math.random().toString(36).slice(2, 8).padEnd(6, "0"));
}

/** Creates a site under the proposed name, or under the next free one. `isTaken` recognizes the provider's response for a name in use. */
export async function createUnderFreeName<T>(
  { name, log }: { name: string; log: (line: string) => void },
  { provider, create, isTaken }: { provider: string; create: (name: string) => Promise<T>; isTaken: (error: ProviderError) => boolean },
): Promise<T> {
  for (const candidate of freeNames(name)) {
    try {
      return await create(candidate);
    } catch (error) {
      if (!(error instanceof ProviderError && isTaken(error))) throw error;
      log(`The name ${candidate} is taken at ${provider}.`);
    }
  }
  throw new ProviderError("taken", `No name like ${name} is available at ${provider}.`);
}

/** For `catch`: resolves to undefined when the provider responds with 404. */
export const unlessMissing = (error: unknown): undefined => {
  if (error instanceof ProviderError && error.kind === "not_found") return undefined;
  throw error;
};

/** Typed access to response fields; providers do not always follow their documentation. */
export const textAt = (value: unknown, ...path: (string | number)[]): string | undefined => {
  const found = valueAt(value, ...path);
  return typeof found === "string" ? found : typeof found === "number" ? String(found) : undefined;
};
export const listAt = (value: unknown, ...path: (string | number)[]): unknown[] => {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
};
export const textsAt = (value: unknown, ...path: (string | number)[]): string[] =>
  listAt(value, ...path).filter((item) => typeof item === "string");
export function valueAt(value: unknown, ...path: (string | number)[]): unknown {
  let found = value;
  for (const step of path)
    found = typeof found === "object" && found !== null ? (found as Record<string | number, unknown>)[step] : undefined;
  return found;
}
/** A required field. Throws `ProviderError` when it is missing. */
export function requiredText(provider: string, value: unknown, ...path: (string | number)[]): string {
  const found = textAt(value, ...path);
  if (found === undefined || found === "")
    throw new ProviderError("refused", `${provider} response is missing ${path.join(".")}.`, { body: value });
  return found;
}

function parsed(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text.slice(0, 1000);
  }
}

/** One printable line without the token, at most 500 characters. */
function sanitize(text: string, token: string | undefined): string {
  const plain = token ? text.replaceAll(token, "[secret]") : text;
  return plain
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .slice(0, 500);
}

/** Milliseconds to wait, from Retry-After (seconds or a date) or the rate limit reset (also as seconds since 1970). */
function retryAfterOf(headers: Headers, now: number): number | undefined {
  const wait = (text: string | null): number | undefined => {
    if (text === null || text.trim() === "") return undefined;
    const number = Number(text);
    if (!Number.isFinite(number)) {
      const date = Date.parse(text.replace(/ UTC$/, "Z"));
      return Number.isNaN(date) ? undefined : Math.max(0, date - now);
    }
    if (number > 1e12) return Math.max(0, number - now);
    return Math.max(0, number > 1e9 ? number * 1000 - now : number * 1000);
  };
  const isUsedUp = headers.get("x-ratelimit-remaining") === null || Number(headers.get("x-ratelimit-remaining")) === 0;
  return wait(headers.get("retry-after")) ?? (isUsedUp ? wait(headers.get("x-ratelimit-reset")) : undefined);
}

const waitText = (ms: number | undefined): string =>
  ms === undefined || ms < 60_000 ? "right now" : `for the next ${Math.ceil(ms / 60_000)} min`;

const notConnected = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "UND_ERR_CONNECT_TIMEOUT"]);
function isNotConnected(error: unknown): boolean {
  for (let e: unknown = error; e instanceof Error; e = e.cause) if (notConnected.has((e as NodeJS.ErrnoException).code ?? "")) return true;
  return false;
}
function messageOf(error: unknown): string {
  let words = String(error);
  for (let e: unknown = error; e instanceof Error; e = e.cause) words = (e as NodeJS.ErrnoException).code ?? (e.message || words);
  return words;
}
