import type { Model, modelsRoutes, RouteOutput } from "@tesslate/contract";
import { contextWindowOf, createModelClient, type AgentProtocol, type ModelClient } from "@tesslate/agent";
import type { Config } from "../../../config.ts";
import { AppError, badRequest, notFound } from "../../../platform/errors.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { ServerSettings } from "../../../platform/server-settings.ts";
import { boundedResponses } from "./bounded-responses.ts";
import { findOllama, type ModelCatalogue, type ListedModel, type Listing } from "./catalogue.ts";
import { protocolOfRow, toolsOf, type Capabilities, type ProbeTarget } from "./capabilities.ts";
import type { Trial } from "./conformance.ts";
import { createConnection, openaiUrlOf, type ProviderConnection, type ProviderConnections } from "./connections.ts";
import type { DemoModel } from "./demo-model.ts";
import type { ModelsStore, StoredPreferences } from "./models.store.ts";
import { costOf, type ModelPrice, type Prices } from "./prices.ts";
import type { ModelCapabilitiesRow, UserCustomModelRow } from "../../../db/schema/agent.ts";
import { probe, type ProbeOutcome } from "./probe.ts";
import { customPrefix, type OwnConnection, type OwnConnections } from "./own-connections.ts";
import { demoProvider, findProvider, providers, splitModelId, type ProviderSpec } from "./providers.ts";
import { visionOf } from "./vision.ts";

/** A model that is ready to be called. */
export interface ResolvedModel {
  model_id: string;
  client: ModelClient;
  /** Used unless the agent has a protocol. */
  protocol: AgentProtocol;
  /** Called with the user's own key, so the user pays the provider. */
  is_byok: boolean;
  pricing: ModelPrice;
  /** The creator who earns from its use; null: only the platform. */
  creator_id: string | null;
  /** Tokens. */
  context_window: number;
  /** Whether it supports images; null: unknown, so images are sent. */
  vision: boolean | null;
  /** Set while its capabilities are unknown: probes it once; rejects with `ModelError`. */
  firstUse?: () => Promise<{ protocol: AgentProtocol; context_window: number; trial: Trial }>;
  /** For a probe; absent for the demo model. */
  target?: ProbeTarget;
  /** Records that the provider refused tools. */
  refusedTools?: () => Promise<void>;
  /** Records that the model made a native tool call in a run. Absent when that is already known. */
  madeNativeCall?: () => Promise<void>;
}
/** An agent's requirements for its model. The user's selection wins over the agent's own. */
export interface ModelRequirements {
  selected_model: string | null;
  model: string | null;
  /** A closed agent of another user, whose instructions must not reach an endpoint of the user. */
  is_closed?: boolean;
  /** Runs only with the user's own keys. */
  requires_user_keys?: boolean;
  /** Replaces the price of the model. */
  rates?: { input: string; output: string } | null;
  /** The creator who earns from it. */
  creator_id?: string | null;
}

const demoKey = "models.demo";
/** The one model of the demo, named as the scripted server names it. */
const demoModelId = "demo/scripted";

export interface ModelsOptions {
  config: Config["models"];
  settings: ServerSettings;
  store: ModelsStore;
  connections: ProviderConnections;
  own: OwnConnections;
  catalogue: ModelCatalogue;
  prices: Prices;
  capabilities: Capabilities;
  /** The average usage of the user's runs. */
  typicalRun(userId: string): Promise<{ tokens_in: number; tokens_out: number; tokens_cached: number } | undefined>;
  outbound: Outbound;
  /** Absent where the demo's scripted server is not installed. */
  demo: DemoModel | undefined;
}

export type Models = ReturnType<typeof createModels>;
/** Resolves a model id to a model, with the user's key for the provider if there is one, else the server's. */
export function createModels({
  config,
  settings,
  store,
  connections,
  own,
  catalogue,
  prices,
  capabilities,
  typicalRun,
  outbound,
  demo,
}: ModelsOptions) {
  const knownModels = prices.known;
  const priceOf = prices.of;
  const isDemo = async () => demo !== undefined && ((await settings.get<boolean>(demoKey)) ?? config.isDemo);

  const clientOf = (connection: ProviderConnection, model: string, fetch = outbound.fetch) => {
    const { provider, base_url, api_key } = connection;
    return createModelClient({
      provider: provider.dialect,
      base_url,
      api_key,
      model: nativeName(provider.slug, model),
      headers: provider.headers ?? {},
      takes_cache_key: provider.slug === "openai",
      fetch: isOwnAddress(connection) ? boundedResponses(fetch) : fetch,
    });
  };

  const modelsOf = async (
    connection: ProviderConnection | OwnConnection,
  ): Promise<{ models: Listing["models"]; health: Listing["health"] }> => {
    if ("available_models" in connection && connection.available_models.length > 0)
      return { models: connection.available_models.map((id) => ({ id, name: id })), health: "healthy" };
    const listing = await catalogue.list(connection);
    if (listing.models.length > 0) return listing;
    // The provider lists nothing: use the models of the price table and of the operator's defaults.
    const { slug } = connection.provider;
    const named = config.defaults.filter((id) => splitModelId(id).provider === slug);
    const ids = [...new Set([...named, ...knownModels(slug)])].map((id) => splitModelId(id).model);
    return { models: ids.map((id) => ({ id, name: id })), health: listing.health };
  };

  /** The first model of the price table that the provider lists, else the first that it lists. */
  const firstModelOf = async (connection: ProviderConnection): Promise<string | undefined> => {
    const { models } = await modelsOf(connection);
    const { slug } = connection.provider;
    const listed = new Map(models.map(({ id }) => [nativeName(slug, id), id]));
    const known = knownModels(slug).find((id) => listed.has(nativeName(slug, splitModelId(id).model)));
    if (known) return known;
    return models[0] && `${slug}/${models[0].id}`;
  };

  /** The model when none is requested. With `userId`, the user's own keys count too, after the server's; with `isOwnOnly`, only they count. */
  const defaultModel = async (userId?: string, isOwnOnly = false): Promise<string | null> => {
    if (!isOwnOnly && (await isDemo())) return demoModelId;
    const theirs: ProviderConnection[] = userId === undefined ? [] : await own.list(userId);
    const usable: ProviderConnection[] = isOwnOnly ? theirs : await connections.list();
    const isUsable = (id: string) => usable.some((c) => c.provider.slug === splitModelId(id).provider);
    const configured = config.defaults.find(isUsable);
    if (configured) return configured;
    const chosen = await connections.chosenDefault();
    if (chosen && isUsable(chosen)) return chosen;
    for (const connection of isOwnOnly ? theirs : [...usable, ...theirs]) {
      const first = await firstModelOf(connection);
      if (first) return first;
    }
    return null;
  };

  const providerFacts = async (): Promise<RouteOutput<typeof modelsRoutes.setup>["providers"]> => {
    const connected = new Set((await connections.list()).map((c) => c.provider.slug));
    return providers.map(({ slug, name, description, website }) => ({
      provider: slug,
      name,
      description,
      website,
      has_key: connected.has(slug),
      setup_required: !connected.has(slug),
    }));
  };

  const unknownModel = (id: string) =>
    badRequest(
      `Unknown model ${JSON.stringify(id)}. Use provider/model, for example "openai/gpt-5.1". Providers: ${providers.map((p) => p.slug).join(", ")}.`,
      "unknown_model",
      { providers: providers.map((p) => p.slug) },
    );

  const self = {
    isDemo,
    defaultModel,
    priceOf,
    /**
     * Throws `unknown_model`, `model_not_configured`, and `closed_source` where a closed agent of another user would be sent to the user's own endpoint.
     * `model` wins over the agent's.
     */
    resolve: async (userId: string, wish: { model?: string | null; agent: ModelRequirements }): Promise<ResolvedModel> => {
      const needsOwnKey = wish.agent.requires_user_keys === true;
      const id = wish.model ?? wish.agent.selected_model ?? wish.agent.model ?? (await defaultModel(userId, needsOwnKey));
      if (!id && needsOwnKey) throw ownKeyNeeded();
      if (!id)
        throw new AppError(
          "model_not_configured",
          "No model is connected. Add your own key in Settings, Models, or ask an administrator to connect a model (start page, OPENAI_API_KEY, ANTHROPIC_API_KEY or OLLAMA_BASE_URL).",
        );
      const { provider: slug, model } = splitModelId(id);
      if (model === "") throw unknownModel(id);
      const terms = (is_byok: boolean): Pick<ResolvedModel, "pricing" | "creator_id"> => {
        const listed = priceOf(id);
        const { rates, creator_id = null } = wish.agent;
        // With their own key, users pay only the provider.
        if (is_byok || !rates) return { pricing: listed, creator_id: null };
        // An agent must not be cheaper than its model, so the model's price is charged and the creator earns nothing.
        if (Number(rates.input) < Number(listed.input) || Number(rates.output) < Number(listed.output))
          return { pricing: listed, creator_id: null };
        return { pricing: { ...rates, cached: rates.input, is_known: listed.is_known }, creator_id };
      };
      const resolved = (client: ModelClient, is_byok = false, protocol: AgentProtocol = "auto"): ResolvedModel => ({
        model_id: `${slug}/${model}`,
        client,
        protocol,
        is_byok,
        ...terms(is_byok),
        context_window: contextWindowOf(id),
        vision: visionOf(id),
      });
      /** With the context window that the provider lists, if its list is cached. */
      const answered = async (connection: ProviderConnection, name: string, is_byok: boolean): Promise<ResolvedModel> => {
        if (wish.agent.is_closed && isOwnAddress(connection))
          throw new AppError(
            "closed_source",
            `This agent is closed-source and cannot use your own endpoint ${connection.provider.name}, where its instructions would be visible. Choose another model.`,
          );
        const made = resolved(clientOf(connection, name), is_byok, protocolOf(connection));
        const target = { connection, model: nativeName(connection.provider.slug, name), client: made.client };
        const facts = await catalogue.factsOf(connection, target.model);
        const windowOf = (row: { context_window: number | null } | undefined) =>
          row?.context_window ?? facts?.context_window ?? made.context_window;
        const vision = facts?.has_vision ?? made.vision;
        if (made.protocol === "native") return { ...made, vision, target, context_window: windowOf(undefined) };
        const row = await capabilities.find(target);
        return {
          ...made,
          target,
          vision: row?.vision ?? vision,
          context_window: windowOf(row),
          ...(row && { protocol: protocolOfRow(row) }),
          refusedTools: () => capabilities.refusedTools(target),
          ...(row === undefined && { madeNativeCall: () => capabilities.madeNativeCall(target) }),
          ...(!row &&
            isUnknown(connection, made) && {
              firstUse: async () => {
                const { row: found, trial } = await capabilities.probe(target);
                return { protocol: protocolOfRow(found), context_window: windowOf(found), trial };
              },
            }),
        };
      };
      if (slug === demoProvider.slug && demo) {
        if (needsOwnKey) throw ownKeyNeeded();
        const base_url = await demo.url();
        return resolved(
          createModelClient({
            provider: "openai-compatible",
            base_url,
            api_key: undefined,
            model,
            headers: {},
            fetch: globalThis.fetch,
          }),
        );
      }
      if (slug === customPrefix) {
        const { provider: name, model: rest } = splitModelId(model);
        const endpoint = rest === "" ? undefined : await own.findCustom(userId, name);
        if (!endpoint) throw unknownModel(id);
        return answered(endpoint, rest, true);
      }
      const provider = findProvider(slug);
      if (!provider) {
        // The name of a custom model without its provider.
        const added = (await store.listCustom(userId)).find((row) => row.model_id.endsWith(`/${id}`));
        if (!added) throw unknownModel(id);
        return self.resolve(userId, { model: added.model_id, agent: wish.agent });
      }
      const mine = await own.find(userId, slug);
      if (mine) return answered(mine, model, true);
      if (needsOwnKey) throw ownKeyNeeded(provider);
      const connection = await connections.find(slug);
      if (!connection)
        throw new AppError(
          "model_not_configured",
          `${provider.name} is not connected. Add your own key in Settings, Models, or ask an administrator to add ${provider.needs_key ? "a key" : "its URL"} on the start page.`,
          { details: { provider: slug } },
        );
      return answered(connection, model, false);
    },
    /** The requested model, then the fallbacks that can be called. */
    chain: async (
      userId: string,
      wish: { model?: string | null; agent: ModelRequirements; fallbacks?: readonly string[] | undefined },
    ): Promise<[ResolvedModel, ...ResolvedModel[]]> => {
      const first = await self.resolve(userId, wish);
      const named = wish.fallbacks ?? (await store.findPreferences(userId)).fallback_models ?? config.fallbacks;
      const isOperators = named === config.fallbacks;
      const others: ResolvedModel[] = [];
      for (const id of named) {
        if (others.length >= maxFallbacks) break;
        const next = await self.resolve(userId, { model: id, agent: wish.agent }).catch(() => undefined);
        // The operator's fallbacks must not charge users who use their own key.
        if (!next || (isOperators && first.is_byok && !next.is_byok)) continue;
        if ([first, ...others].every((known) => known.model_id !== next.model_id)) others.push(next);
      }
      return [first, ...others];
    },
    preferences: {
      get: (userId: string): Promise<StoredPreferences> => store.findPreferences(userId),
      set: async (userId: string, change: Partial<StoredPreferences>): Promise<StoredPreferences> => {
        const next = { ...(await store.findPreferences(userId)), ...change };
        await store.savePreferences(userId, next);
        return next;
      },
    },
    /** Every model of every connected provider. */
    list: async (userId: string, query: PageQuery) => {
      const page = pageOf(query);
      const [ofServer, ofUser, disabled, external_providers, isDemoOn, added, typical] = await Promise.all([
        connections.list(),
        own.list(userId),
        store.listDisabled(userId),
        providerFacts(),
        isDemo(),
        store.listCustom(userId),
        typicalRun(userId),
      ]);
      // The user's own key replaces the server's.
      const mine = new Set(ofUser.map((c) => c.provider.slug));
      const usable: ProviderConnection[] = [...ofServer.filter((c) => !mine.has(c.provider.slug)), ...ofUser];
      const listings = await Promise.all(usable.map(async (connection) => ({ connection, ...(await modelsOf(connection)) })));
      const tried = await capabilities.list(usable);
      const facts = { disabled, priceOf, typical: typical ?? typicalMessage };
      const items = listings.flatMap(({ connection, models, health }) => {
        const { slug } = connection.provider;
        const own = added.filter(
          (row) => row.model_id.startsWith(`${slug}/`) && models.every((one) => `${slug}/${one.id}` !== row.model_id),
        );
        return [
          ...models.map((one): Model => present(one, connection, health, tried(connection, nativeName(slug, one.id)), facts)),
          ...own.map((row) => {
            const one = { id: row.model_id.slice(slug.length + 1), name: row.name };
            return {
              ...present(one, connection, null, tried(connection, nativeName(slug, one.id)), facts),
              source: "custom" as const,
              custom_id: row.id,
            };
          }),
        ];
      });
      if (isDemoOn)
        items.unshift(present({ id: splitModelId(demoModelId).model, name: "Scripted demo" }, demoConnection, "healthy", undefined, facts));
      return {
        ...page.envelope(items.slice(page.offset, page.offset + page.limit), items.length),
        default: await defaultModel(userId),
        external_providers: external_providers.map((facts) =>
          mine.has(facts.provider) ? { ...facts, has_key: true, setup_required: false } : facts,
        ),
      };
    },
    /** A custom model as `list` returns it. */
    presentCustom: async (userId: string, row: UserCustomModelRow): Promise<Model> => {
      const listed = (await self.list(userId, { limit: 500 })).items.find(
        (model) => model.custom_id === row.id || model.id === row.model_id,
      );
      if (listed) return { ...listed, source: "custom", custom_id: row.id };
      const { provider: slug, model } = splitModelId(row.model_id);
      const provider = findProvider(slug) ?? demoProvider;
      const facts = { disabled: [], priceOf, typical: typicalMessage };
      const shown = present(
        { id: model, name: row.name },
        { provider, base_url: provider.base_url, api_key: undefined, origin: "own" },
        null,
        undefined,
        facts,
      );
      return { ...shown, source: "custom", custom_id: row.id, available: false };
    },
    /** For the setup card: what is connected, and what could be. */
    setup: async (user: { id: string; is_superuser: boolean }) => {
      const [default_model, ollamaModels, isDemoOn, facts] = await Promise.all([
        defaultModel(user.id),
        findOllama(ollamaUrl(), outbound),
        isDemo(),
        providerFacts(),
      ]);
      return {
        configured: default_model !== null,
        default_model,
        can_configure: user.is_superuser,
        demo: isDemoOn,
        demo_available: demo !== undefined,
        ollama: ollamaModels === undefined ? null : { base_url: ollamaUrl(), models: ollamaModels },
        providers: facts,
      };
    },
    tryOut,
    /** The providers for which the server has keys. Makes no request. */
    connected: async (): Promise<{ slug: string; name: string }[]> =>
      (await connections.list()).map(({ provider }) => ({ slug: provider.slug, name: provider.name })),
    /** Tests one of them with a small call. Throws 404, `outbound_refused`. */
    tryConnected: async (slug: string): Promise<ProbeOutcome> => {
      const connection = await connections.find(slug);
      if (!connection) throw notFound("Provider");
      const usual = await defaultModel();
      return tryOut(connection, usual?.startsWith(`${slug}/`) ? usual : undefined);
    },
    /** Tests a connection with a small call. Stores nothing. */
    test: async (given: ConnectionInput & { model?: string | null }) => {
      const connection = await connectionFrom(given);
      const outcome = await tryOut(connection, given.model);
      return { ok: outcome.ok, message: outcome.message, models: outcome.models };
    },
    /** Stores a connection after a successful test. */
    connect: async (given: ConnectionInput & { default_model: string }) => {
      const connection = await connectionFrom(given);
      const outcome = await tryOut(connection, given.default_model);
      if (!outcome.ok) throw new AppError(outcome.code, outcome.message);
      const { slug } = connection.provider;
      await connections.store(slug, { api_key: connection.api_key ?? null, base_url: connection.base_url });
      await connections.chooseDefault(`${slug}/${withoutProvider(slug, given.default_model)}`);
      // Switches the demo off, because a real model is connected.
      if (await isDemo()) await settings.set(demoKey, false);
      return self.state();
    },
    switchDemo: async (enabled: boolean) => {
      if (enabled && !demo) throw badRequest("The demo is not included in this installation.", "not_supported");
      if (enabled) await demo?.url();
      await settings.set(demoKey, enabled);
      return self.state();
    },
    state: async () => {
      const default_model = await defaultModel();
      return { configured: default_model !== null, default_model, demo: await isDemo() };
    },
    /** For the startup banner. Makes no request. */
    summary: async (): Promise<string[]> => [
      ...((await isDemo()) ? ["the scripted demo"] : []),
      ...(await connections.list()).map((c) => c.provider.name),
    ],
    close: async () => demo?.close(),
  };

  function ollamaUrl(): string {
    return openaiUrlOf(config.ollama.baseUrl ?? findProvider("ollama")?.base_url ?? "");
  }

  /** Without a key, uses the stored one, but only for the URL for which it was stored. */
  async function connectionFrom(given: ConnectionInput): Promise<ProviderConnection> {
    const connection = createConnection(given.provider, given);
    if (!connection) throw unknownModel(`${given.provider}/…`);
    const known = await connections.find(given.provider);
    if (!known) return connection;
    if (!given.base_url) connection.base_url = known.base_url;
    if (!given.api_key && connection.base_url === known.base_url) connection.api_key = known.api_key;
    return connection;
  }

  async function tryOut(connection: ProviderConnection, model: string | null | undefined): Promise<ProbeOutcome> {
    const { slug } = connection.provider;
    return probe({
      connection,
      outbound,
      model: model ? nativeName(slug, withoutProvider(slug, model)) : undefined,
      preferred: knownModels(slug).map((id) => nativeName(slug, splitModelId(id).model)),
      clientOf: (name, fetch) => clientOf(connection, name, fetch),
    });
  }

  return self;
}

/** All chat models of these providers' own services support function calling. */
const nativeProviders = new Set(["anthropic", "openai", "google"]);
const protocolOf = ({ provider, base_url }: ProviderConnection): AgentProtocol =>
  nativeProviders.has(provider.slug) && base_url === provider.base_url ? "native" : "auto";

/** The user chose the URL, so they can read what is sent there. */
const isOwnAddress = ({ provider, origin, base_url }: ProviderConnection): boolean =>
  origin === "own" && findProvider(provider.slug)?.base_url !== base_url;
const ownKeyNeeded = (provider?: ProviderSpec) =>
  new AppError(
    "model_not_configured",
    `This agent requires your own API key. Add ${provider ? `a key for ${provider.name}` : "one"} in Settings, Models.`,
    ...(provider ? [{ details: { provider: provider.slug } }] : []),
  );

const maxFallbacks = 4;

/** Probed before the first run: models of local servers and custom endpoints, whose capabilities are unknown. */
const isUnknown = ({ provider }: ProviderConnection, { pricing }: Pick<ResolvedModel, "pricing">): boolean =>
  provider.slug === "ollama" || provider.slug.startsWith(`${customPrefix}/`) || (provider.slug === "openrouter" && !pricing.is_known);

interface ConnectionInput {
  provider: string;
  api_key?: string | null;
  base_url?: string | null;
}

const withoutProvider = (slug: string, id: string) => (id.startsWith(`${slug}/`) ? id.slice(slug.length + 1) : id);
/** Anthropic's ids have dashes in versions, ours have dots. */
const nativeName = (slug: string, model: string) => (slug === "anthropic" ? model.replace(/(\d)\.(\d)/g, "$1-$2") : model);

/** The usage of a typical message. */
export const typicalMessage = { tokens_in: 60_000, tokens_out: 3_000, tokens_cached: 40_000 };
const demoConnection: ProviderConnection = { provider: demoProvider, base_url: "", api_key: undefined, origin: "stored" };

function present(
  model: ListedModel,
  { provider, origin }: ProviderConnection,
  health: Model["health"],
  tried: ModelCapabilitiesRow | undefined,
  facts: { disabled: readonly string[]; priceOf: Prices["of"]; typical: { tokens_in: number; tokens_out: number; tokens_cached: number } },
): Model {
  const id = `${provider.slug}/${model.id}`;
  const price = facts.priceOf(id);
  const isOwn = origin === "own";
  return {
    id,
    name: model.name,
    source: !isOwn ? "system" : provider.slug.startsWith(`${customPrefix}/`) ? "custom_provider" : "provider",
    provider: provider.slug,
    provider_name: provider.name,
    pricing: price.is_known ? { input: Number(price.input), output: Number(price.output) } : null,
    available: true,
    health,
    disabled: facts.disabled.includes(id),
    context_window: tried?.context_window ?? model.context_window ?? contextWindowOf(id),
    vision: tried?.vision ?? model.has_vision ?? visionOf(id),
    tools: tried ? toolsOf(tried) : model.has_tools === true || nativeProviders.has(provider.slug) ? "native" : null,
    score: tried?.score ?? null,
    tokens_per_second: tried?.tokens_per_second ?? null,
    message_cents: isOwn ? 0 : price.is_known ? Number(costOf(price, facts.typical).total) : null,
    own_key: isOwn,
  };
}
