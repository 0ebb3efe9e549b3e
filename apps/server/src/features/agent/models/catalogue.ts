import type { Logger } from "../../../platform/logger.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import { fingerprintOf, type OutboundOf, type ProviderConnection } from "./connections.ts";

/** A model as its provider describes it; unknown facts are absent. */
export interface ListedModel {
  id: string;
  name: string;
  /** Tokens. */
  context_window?: number;
  has_vision?: boolean;
  has_tools?: boolean;
}
export interface Listing {
  models: ListedModel[];
  health: "healthy" | "unhealthy" | "timeout";
}

const cacheMs = 300_000;
/** After a failure, the list is fetched again sooner. */
const failedMs = 30_000;
const answerMs = 8_000;
const maxListBytes = 8 * 1024 * 1024;

/** Cached model lists of providers. A failing provider returns its last known list, or an empty one; never an error. */
export type ModelCatalogue = ReturnType<typeof createModelCatalogue>;
export function createModelCatalogue({ outboundOf, log, now = Date.now }: { outboundOf: OutboundOf; log: Logger; now?: () => number }) {
  const cache = new Map<string, { at: number; listing: Promise<Listing> }>();

  const fetchListing = async (connection: ProviderConnection, previous: Listing | undefined): Promise<Listing> => {
    try {
      return { models: await fetchModels(connection, outboundOf(connection)), health: "healthy" };
    } catch (error) {
      const isTimeout = error instanceof Error && error.name === "TimeoutError";
      log.debug({ provider: connection.provider.slug, reason: isTimeout ? "timeout" : "failed" }, "model list not read");
      return { models: previous?.models ?? [], health: isTimeout ? "timeout" : "unhealthy" };
    }
  };
  return {
    list: async (connection: ProviderConnection): Promise<Listing> => {
      const key = fingerprintOf(connection);
      const known = cache.get(key);
      if (known && now() - known.at < cacheMs) {
        const listing = await known.listing;
        if (listing.health === "healthy" || now() - known.at < failedMs) return listing;
      }
      const entry = {
        at: now(),
        listing: (known?.listing ?? Promise.resolve(undefined)).then((previous) => fetchListing(connection, previous)),
      };
      cache.set(key, entry);
      return entry.listing;
    },
    /** A model from the cached list. Makes no request. */
    factsOf: async (connection: ProviderConnection, model: string): Promise<ListedModel | undefined> =>
      (await cache.get(fingerprintOf(connection))?.listing)?.models.find((one) => one.id === model),
    /** The next call of `list` makes a request. Until it is answered, the facts of the old list are used. */
    expire: (connection: ProviderConnection): void => {
      const known = cache.get(fingerprintOf(connection));
      if (known) known.at = -Infinity;
    },
  };
}

/** Fetches the list. Throws what the call throws, or an `Error` with the status. */
export async function fetchModels({ provider, base_url, api_key }: ProviderConnection, outbound: Outbound): Promise<Listing["models"]> {
  const read = async <T>(url: string, headers: Record<string, string>): Promise<T> => {
    const response = await outbound.limited({ timeoutMs: answerMs, maxBytes: maxListBytes })(url, {
      headers: { accept: "application/json", ...headers },
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`the provider answered ${response.status}`);
    }
    return (await response.json()) as T;
  };
  if (provider.dialect === "anthropic") {
    const { data } = await read<{ data: { id: string; display_name?: string; max_input_tokens?: unknown }[] }>(
      `${base_url}/models?limit=100`,
      {
        "anthropic-version": "2023-06-01",
        ...(api_key && { "x-api-key": api_key }),
      },
    );
    return data.map(({ id, display_name, max_input_tokens }) => ({
      id,
      name: display_name ?? id,
      ...(isWindow(max_input_tokens) && { context_window: max_input_tokens }),
    }));
  }
  if (provider.dialect === "google") {
    const { models } = await read<{
      models: { name: string; displayName?: string; supportedGenerationMethods?: string[]; inputTokenLimit?: number }[];
    }>(`${base_url}/models?pageSize=200`, api_key ? { "x-goog-api-key": api_key } : {});
    return models
      .filter((m) => m.supportedGenerationMethods?.includes("generateContent") ?? true)
      .map(({ name, displayName, inputTokenLimit }) => ({
        id: name.replace(/^models\//, ""),
        name: displayName ?? name,
        ...(isWindow(inputTokenLimit) && { context_window: inputTokenLimit }),
      }))
      .filter(({ id }) => isChatModel(id));
  }
  const headers = { ...provider.headers, ...(api_key && { authorization: `Bearer ${api_key}` }) };
  const answer = await read<{ data?: OpenaiModel[] } | OpenaiModel[]>(`${base_url}/models`, headers);
  const list = (Array.isArray(answer) ? answer : (answer.data ?? [])).filter(({ id }) => isChatModel(id));
  // LM Studio tells the windows only in its own API.
  const isLmStudio = list.some(({ owned_by }) => owned_by === "organization_owner");
  const detailed = isLmStudio
    ? await read<{ data?: OpenaiModel[] }>(`${base_url.replace(/\/v\d+$/, "")}/api/v0/models`, headers).catch(() => undefined)
    : undefined;
  const details = new Map(detailed?.data?.map((model) => [model.id, model]));
  return list.map((model) => listed({ ...model, ...details.get(model.id) }));
}

/** Only `id` is standard; the other fields depend on the provider. */
interface OpenaiModel {
  id: string;
  name?: string;
  owned_by?: string;
  /** OpenRouter, Together. */
  context_length?: unknown;
  /** Groq. */
  context_window?: unknown;
  /** vLLM. */
  max_model_len?: unknown;
  /** LM Studio. */
  max_context_length?: unknown;
  loaded_context_length?: unknown;
  /** llama.cpp: of a slot, and of the model's training. */
  meta?: { n_ctx?: unknown; n_ctx_train?: unknown } | null;
  architecture?: { input_modalities?: unknown };
  supported_parameters?: unknown;
}
function listed(model: OpenaiModel): ListedModel {
  const window = [
    model.loaded_context_length,
    model.context_length,
    model.context_window,
    model.max_model_len,
    model.max_context_length,
    model.meta?.n_ctx,
    model.meta?.n_ctx_train,
  ].find(isWindow);
  const { input_modalities } = model.architecture ?? {};
  return {
    id: model.id,
    name: model.name ?? model.id,
    ...(window !== undefined && { context_window: window }),
    ...(Array.isArray(input_modalities) && { has_vision: input_modalities.includes("image") }),
    ...(Array.isArray(model.supported_parameters) && { has_tools: model.supported_parameters.includes("tools") }),
  };
}
export const isWindow = (value: unknown): value is number => typeof value === "number" && Number.isInteger(value) && value >= 1_024;

/** Names of Ollama's models; undefined when it does not respond. */
export async function findOllama(openaiUrl: string, outbound: Outbound): Promise<string[] | undefined> {
  const root = openaiUrl.replace(/\/v\d+$/, "");
  try {
    const response = await outbound.limited({ timeoutMs: 1_500, maxBytes: maxListBytes })(`${root}/api/tags`);
    if (response.ok) return ((await response.json()) as { models: { name: string }[] }).models.map((m) => m.name);
    await response.body?.cancel();
    const compatible = await outbound.limited({ timeoutMs: 1_500, maxBytes: maxListBytes })(`${openaiUrl}/models`);
    if (!compatible.ok) return undefined;
    return ((await compatible.json()) as { data: { id: string }[] }).data.map((m) => m.id);
  } catch {
    // No server, or no model server: the setup card does not offer it.
    return undefined;
  }
}

/** Providers also list models that cannot chat. */
const isChatModel = (id: string) =>
  !/embed|whisper|tts|dall-e|moderation|transcribe|realtime|-audio|-image|image-|imagen|veo|sora|rerank|guard|babbage|davinci|-instruct-\d{4}$|computer-use|^aqa$/i.test(
    id,
  );
