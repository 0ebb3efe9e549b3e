import { createHash } from "node:crypto";
import type { modelsRoutes, OpenaiApi, RouteOutput } from "@tesslate/contract";
import type { Config } from "../../../config.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import type { ServerSettings } from "../../../platform/server-settings.ts";
import { compatibleSlug, findProvider, providers, type ModelApi, type ProviderSpec } from "./providers.ts";

/** A provider with its URL and key. */
export interface ProviderConnection {
  provider: ProviderSpec;
  base_url: string;
  api_key: string | undefined;
  /** `stored` by the setup card wins over the environment. `own`: the user's key or endpoint. */
  origin: "stored" | "environment" | "own";
  /** Replaces the default of {@link apiOf}. */
  openai_api?: OpenaiApi | undefined;
}
/**
 * Where a connection's requests go out. Those that the operator or an administrator made also reach Ollama's default address on this machine; the
 * address of a user's own key or endpoint does not.
 */
export type OutboundOf = (connection: Pick<ProviderConnection, "origin">) => Outbound;
export const createOutboundOf =
  ({ outbound, serverOutbound }: { outbound: Outbound; serverOutbound: Outbound }): OutboundOf =>
  ({ origin }) =>
    origin === "own" ? outbound : serverOutbound;

interface Stored {
  api_key: string | null;
  base_url: string | null;
  openai_api?: OpenaiApi;
}

/** The API that a connection calls. Of OpenAI's two, a provider's own address has the one of its description, and other servers mostly have chat completions. */
export function apiOf({ provider, base_url, openai_api }: Pick<ProviderConnection, "provider" | "base_url" | "openai_api">): ModelApi {
  const { dialect } = provider;
  if (dialect === "anthropic" || dialect === "google") return dialect;
  if (openai_api) return openai_api === "responses" ? "openai-responses" : "openai-compatible";
  return base_url === provider.base_url ? dialect : "openai-compatible";
}

const keyOf = (slug: string) => `models.connection.${slug}`;
const defaultKey = "models.default";

/** The server's connections, from the environment and from the setup card (encrypted). */
export type ProviderConnections = ReturnType<typeof createProviderConnections>;
export function createProviderConnections({ config, settings }: { config: Config["models"]; settings: ServerSettings }) {
  let cached: Promise<Map<string, ProviderConnection>> | undefined;
  settings.onChange((key) => {
    if (key.startsWith("models.")) cached = undefined;
  });

  const load = async () => {
    const found = new Map<string, ProviderConnection>();
    const rows = await Promise.all(providers.map(async (provider) => ({ provider, text: await settings.getSecret(keyOf(provider.slug)) })));
    for (const { provider, text } of rows) {
      const connection = text === undefined ? fromEnvironment(config, provider) : fromStore(provider, JSON.parse(text) as Stored);
      if (connection) found.set(provider.slug, connection);
    }
    return found;
  };
  const all = async () => {
    cached ??= load();
    try {
      return await cached;
    } catch (error) {
      cached = undefined;
      throw error;
    }
  };
  return {
    /** In the order of the catalogue. */
    list: async (): Promise<ProviderConnection[]> => [...(await all()).values()],
    find: async (slug: string): Promise<ProviderConnection | undefined> => (await all()).get(slug),
    /** All providers of the catalogue, for the setup card. */
    providers: async (): Promise<RouteOutput<typeof modelsRoutes.setup>["providers"]> => {
      const connected = await all();
      return providers.map(({ slug, name, description, website, needs_key, base_url }) => ({
        provider: slug,
        name,
        description,
        website,
        needs_key,
        base_url: base_url || null,
        has_key: connected.has(slug),
        setup_required: !connected.has(slug),
      }));
    },
    store: async (slug: string, stored: Stored): Promise<void> => {
      await settings.setSecret(keyOf(slug), JSON.stringify(stored));
      cached = undefined;
    },
    /** The default model set in the setup card. */
    chosenDefault: () => settings.get<string>(defaultKey),
    chooseDefault: (modelId: string) => settings.set(defaultKey, modelId),
  };
}

function fromStore(provider: ProviderSpec, { api_key, base_url, openai_api }: Stored): ProviderConnection {
  return { provider, base_url: base_url ?? provider.base_url, api_key: api_key ?? undefined, origin: "stored", openai_api };
}

function fromEnvironment(config: Config["models"], provider: ProviderSpec): ProviderConnection | undefined {
  if (provider.slug === "ollama")
    return config.ollama.baseUrl === undefined
      ? undefined
      : { provider, base_url: openaiUrlOf(config.ollama.baseUrl), api_key: undefined, origin: "environment" };
  const given = { openai: config.openai, anthropic: config.anthropic, google: config.google }[provider.slug];
  if (!given) return undefined;
  // A custom URL without a key is a server that needs none.
  if (!given.key && given.baseUrl === provider.base_url) return undefined;
  const openai_api = provider.slug === "openai" ? config.openai.api : undefined;
  return { provider, base_url: trimmed(given.baseUrl), api_key: given.key?.reveal(), origin: "environment", openai_api };
}

/** Accepts Ollama's root URL or that of its OpenAI API; returns the latter. */
export const openaiUrlOf = (url: string) => (/\/v\d+$/.test(trimmed(url)) ? trimmed(url) : `${trimmed(url)}/v1`);
export const trimmed = (url: string) => url.replace(/\/+$/, "");

/** Distinguishes connections in caches without keeping the key. */
export const fingerprintOf = ({ provider, base_url, api_key }: Pick<ProviderConnection, "provider" | "base_url" | "api_key">) =>
  createHash("sha256")
    .update(JSON.stringify([provider.slug, base_url, api_key ?? null]))
    .digest("hex");
/** Adds the usual path of an OpenAI-compatible API where an address has none: `http://localhost:8080` becomes `http://localhost:8080/v1`. */
const compatibleUrlOf = (url: string): string => (URL.parse(url)?.pathname === "/" ? `${trimmed(url)}/v1` : trimmed(url));
const urlOf = (slug: string, given: string): string =>
  slug === "ollama" ? openaiUrlOf(given) : slug === compatibleSlug ? compatibleUrlOf(given) : trimmed(given);

/** `undefined` for an unknown provider, and without a URL for a provider that has none of its own. */
export const createConnection = (
  slug: string,
  given: { api_key?: string | null; base_url?: string | null; openai_api?: OpenaiApi | null },
): ProviderConnection | undefined => {
  const provider = findProvider(slug);
  const url = given.base_url ? urlOf(slug, given.base_url) : provider?.base_url;
  if (!provider || !url) return undefined;
  return { provider, base_url: url, api_key: given.api_key ?? undefined, origin: "stored", openai_api: given.openai_api ?? undefined };
};
