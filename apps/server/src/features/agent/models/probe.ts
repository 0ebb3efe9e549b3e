import { userMessage, type ModelClient } from "@tesslate/agent";
import type { ErrorCode } from "@tesslate/contract";
import { AppError } from "../../../platform/errors.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import { fetchModels } from "./catalogue.ts";
import type { ProviderConnection } from "./connections.ts";

export type ProbeOutcome =
  | { ok: true; message: string; models: string[] }
  | {
      ok: false;
      code: Extract<ErrorCode, "unknown_model" | "model_auth_failed" | "model_error">;
      message: string;
      models: string[];
      needs_model?: true;
    };

export interface ProbeOptions {
  connection: ProviderConnection;
  outbound: Outbound;
  /** The provider's own id. Default: the first of `preferred` that it lists, else the first that it lists. */
  model: string | undefined;
  preferred: string[];
  clientOf(model: string, fetch: typeof globalThis.fetch): ModelClient;
}

/** Includes loading a local model into memory. */
const answerMs = 90_000;
const maxMessageChars = 400;

/**
 * Tests a connection with one small call, made as in a run and aborted at the first output. Throws only `outbound_refused`; other failures are
 * outcomes with the provider's message, without the key.
 */
export async function probe({ connection, outbound, model, preferred, clientOf }: ProbeOptions): Promise<ProbeOutcome> {
  await outbound.check(connection.base_url);
  let listFailure: unknown;
  const models = await fetchModels(connection, outbound).then(
    (list) => list.map((m) => m.id),
    (error: unknown): string[] => {
      if (error instanceof AppError) throw error;
      listFailure = error;
      return [];
    },
  );
  const chosen = model ?? preferred.find((id) => models.includes(id)) ?? models[0] ?? preferred[0];
  const { name } = connection.provider;
  if (!chosen) {
    const unreachable = networkFailure(listFailure);
    return unreachable === undefined
      ? { ok: false, code: "model_error", message: `${name} lists no models. Enter a model to test.`, models, needs_model: true }
      : {
          ok: false,
          code: "model_error",
          message: redacted(`${URL.parse(connection.base_url)?.host ?? name} did not respond: ${unreachable}`, connection.api_key),
          models,
        };
  }

  let rejection: { status: number; text: string } | undefined;
  const watched: typeof globalThis.fetch = async (input, init) => {
    const response = await outbound.fetch(input, init);
    if (!response.ok) rejection = { status: response.status, text: await response.clone().text() };
    return response;
  };
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error("timeout")), answerMs);
  try {
    const request = {
      system: "You are a connection test.",
      messages: [userMessage("Answer with the word ok.")],
      tools: [],
    };
    for await (const event of clientOf(chosen, watched).stream(request, abort.signal))
      if (event.type !== "finish" || event.reason !== "other") return { ok: true, message: `${name} responded with ${chosen}.`, models };
    return { ok: false, code: "model_error", message: `${name} returned no answer.`, models };
  } catch (error) {
    if (abort.signal.aborted)
      return { ok: false, code: "model_error", message: `${name} did not answer within ${answerMs / 1000} s.`, models };
    const own = rejection && errorMessage(rejection.text);
    const message = redacted(own ?? (error instanceof Error ? error.message : `${name} could not be reached.`), connection.api_key);
    const code = error instanceof Error && "code" in error && error.code === "model_auth_failed" ? "model_auth_failed" : undefined;
    return { ok: false, code: code ?? (rejection?.status === 404 ? "unknown_model" : "model_error"), message, models };
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

/** Why a request got no response; undefined if it got one. */
function networkFailure(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === "TimeoutError") return "the request timed out";
  return error instanceof TypeError && error.cause instanceof Error ? error.cause.message || "the connection failed" : undefined;
}

/** The message of the usual error bodies: `{error: {message}}`, `{error: "…"}`, `{message}`, and a list with one of these. */
function errorMessage(text: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const body = (Array.isArray(parsed) ? parsed[0] : parsed) as { error?: { message?: unknown } | string; message?: unknown } | null;
    const found = typeof body?.error === "string" ? body.error : (body?.error?.message ?? body?.message);
    return typeof found === "string" && found.trim() !== "" ? found.trim().slice(0, maxMessageChars) : undefined;
  } catch {
    return undefined;
  }
}

/** Providers may repeat the rejected key. */
function redacted(text: string, key: string | undefined): string {
  const plain = key ? text.replaceAll(key, "[key]") : text;
  return plain.replace(/\b(?:sk|gsk|pk|xai|key|AIza)[-_A-Za-z0-9*]{6,}/g, "[key]").replace(/Bearer\s+\S+/gi, "Bearer [key]");
}
