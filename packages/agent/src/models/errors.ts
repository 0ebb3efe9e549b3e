import { STATUS_CODES } from "node:http";
import { APICallError } from "@ai-sdk/provider";
import { ModelError } from "../model-error.ts";
import type { ModelClientOptions } from "./options.ts";
import { isOverflow, namedWindow } from "./overflow.ts";

const maxQuotedChars = 300;
const keyPattern = /api[ _-]?key|authenticat|unauthori[sz]ed|permission denied/i;
/** Google uses "quota" and "billing" for ordinary rate limits too, so only unambiguous messages count. */
const quotaPattern = /insufficient_quota|credit balance is too low/i;
const networkPattern = /ECONN|ENOTFOUND|EAI_AGAIN|EPIPE|ETIMEDOUT|UND_ERR|fetch failed|cannot connect|socket|terminated|network/i;

/** An error of a provider or the network as a `ModelError` with a message for people. */
export function modelErrorOf(error: unknown, options: ModelClientOptions): ModelError {
  if (error instanceof ModelError) return error;
  const facts = factsOf(error);
  const reason = quotable(facts, options);
  const quoted = reason === undefined ? {} : { reason };
  const where = hostOf(options);
  const retryable = { retryable: true, ...(facts.retryAfterMs === undefined ? {} : { retryAfterMs: facts.retryAfterMs }) };
  const { status, text } = facts;
  if (facts.isRefused) return new ModelError("model_error", `${where} may not be reached from this server.`, { kind: "network" });
  if (
    status === 401 ||
    status === 403 ||
    (status === 400 && keyPattern.test(text)) ||
    (status === undefined && /authentication_error|invalid_api_key/.test(text))
  ) {
    return new ModelError("model_auth_failed", `${where} refused the API key${status === 403 ? " or this use of it" : ""}.`, quoted);
  }
  if (status === 402 || quotaPattern.test(text))
    return new ModelError("model_error", `The account at ${where} has no credit left for this call.`, { kind: "quota", ...quoted });
  if (status === 429 || /rate_limit/.test(text))
    return new ModelError("rate_limited", `${where} is limiting requests right now.`, { ...retryable, ...quoted });
  if (isOverflow(status, text)) {
    const window = namedWindow(text);
    return new ModelError("context_overflow", `The chat is too long for ${options.model}.`, {
      ...quoted,
      ...(window !== undefined && { contextWindow: window }),
    });
  }
  // OpenAI's Responses API has 400 with this code.
  if (status === 404 || /model_not_found/.test(text))
    return new ModelError("model_error", `${where} has no model ${options.model}.`, { kind: "not_found", ...quoted });
  if (status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 409)
    return new ModelError("model_error", `${where} refused the request (${status}).`, { kind: "refused", ...quoted });
  if (status === 503 || status === 529 || /overloaded_error/.test(text))
    return new ModelError("model_error", `${where} is overloaded${status === undefined ? "" : ` (${status})`}.`, {
      kind: "overloaded",
      ...retryable,
      ...quoted,
    });
  if (status !== undefined && status >= 400)
    return new ModelError("model_error", `${where} failed (${status}).`, { kind: "overloaded", ...retryable, ...quoted });
  if (networkPattern.test(text))
    return new ModelError("model_error", `${where} could not be reached.`, { kind: "network", retryable: true, cause: safeCause(error) });
  if (/finish reason/.test(text))
    return new ModelError("model_error", "The connection to the model was lost before its answer was complete.", {
      kind: "network",
      retryable: true,
    });
  if (facts.isFromProvider)
    return new ModelError("model_error", `${where} ended its response early.`, { kind: "unreadable", retryable: true, ...quoted });
  return new ModelError("model_error", `${where} sent a response that could not be parsed.`, {
    kind: "unreadable",
    retryable: true,
    cause: safeCause(error),
  });
}

interface Facts {
  status: number | undefined;
  message: string;
  /** Message, codes, body and causes. */
  text: string;
  retryAfterMs: number | undefined;
  isRefused: boolean;
  /** Errors in mid-stream, with the provider's message. */
  isFromProvider: boolean;
}

function factsOf(error: unknown): Facts {
  const chain: Record<string, unknown>[] = [];
  for (
    let current: unknown = error;
    typeof current === "object" && current !== null && chain.length < 6;
    current = (current as { cause?: unknown }).cause
  ) {
    chain.push(current as Record<string, unknown>);
  }
  const strings = chain
    .flatMap((one) => [one.message, one.code, one.type, one.status, one.responseBody, jsonOf(one.data)])
    .filter((value) => typeof value === "string");
  const status = chain
    .map((one) => statusOf(one.statusCode) ?? statusOf(one.status) ?? statusOf(one.code))
    .find((value) => value !== undefined);
  const headers = APICallError.isInstance(error) ? error.responseHeaders : undefined;
  return {
    status,
    message: typeof chain[0]?.message === "string" ? chain[0].message : "",
    text: strings.join("\n"),
    retryAfterMs: retryAfter(headers?.["retry-after"]),
    isFromProvider: !(error instanceof Error) && typeof chain[0]?.message === "string",
    isRefused: chain.some((one) => one.code === "outbound_refused"),
  };
}

function statusOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "string" && /^[45]\d\d$/.test(value) ? Number(value) : undefined;
}

function jsonOf(data: unknown): string | undefined {
  return typeof data === "object" && data !== null ? JSON.stringify(data) : undefined;
}

function retryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
}

/** The provider's message without anything that could be a key; undefined if it only names the status. */
function quotable({ message, status }: Facts, { api_key }: ModelClientOptions): string | undefined {
  let text = message;
  if (api_key) text = text.replaceAll(api_key, "[key]");
  text = text
    .replaceAll(/\b(sk|pk|key|gsk|xai|AIza)[-_]?[A-Za-z0-9*_-]{8,}/g, "[key]")
    // Providers repeat a wrong key with its middle masked.
    .replaceAll(/[\w-]*\*{3,}[\w*-]*/g, "[key]")
    .replaceAll(/Bearer\s+\S+/gi, "Bearer [key]")
    .replaceAll(/([?&]key=)[^&\s]+/gi, "$1[key]")
    .replaceAll(/:\/\/[^@/\s]+@/g, "://")
    .replaceAll(/\s+/g, " ")
    .trim();
  if (text === "" || (status !== undefined && text === STATUS_CODES[status])) return undefined;
  return text.length > maxQuotedChars ? `${text.slice(0, maxQuotedChars)}…` : text;
}

/** Only the kind of error, because library errors contain request bodies, URLs and headers. */
function safeCause(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

function hostOf({ base_url, provider }: ModelClientOptions): string {
  if (!base_url) return { "openai-responses": "OpenAI", "openai-compatible": "OpenAI", anthropic: "Anthropic", google: "Google" }[provider];
  return URL.canParse(base_url) ? new URL(base_url).host : "The provider";
}
