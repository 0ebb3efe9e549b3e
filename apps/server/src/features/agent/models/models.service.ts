import type { Model, modelsRoutes, RouteOutput } from "@tesslate/contract";
import { contextWindowOf, createModelClient, type AgentProtocol, type ModelClient } from "@tesslate/agent";
import type { Config } from "../../../config.ts";
import { AppError, badRequest, notFound } from "../../../platform/errors.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { ServerSettings } from "../../../platform/server-settings.ts";
import { boundedAnswers } from "./bounded-answers.ts";
import { findOllama, type Catalogue, type ListedModel, type Listing } from "./catalogue.ts";
import { protocolOfRow, toolsOf, type Capabilities, type TrialTarget } from "./capabilities.ts";
import type { Trial } from "./conformance.ts";
import { connectionOf, openaiUrlOf, type Connection, type Connections } from "./connections.ts";
import type { DemoModel } from "./demo-model.ts";
import type { ModelsStore, Preferences } from "./models.store.ts";
import { costOf, type Price, type Prices } from "./prices.ts";
import type { ModelCapabilitiesRow, UserCustomModelRow } from "../../../db/schema/agent.ts";
import { probe, type ProbeOutcome } from "./probe.ts";
import { customPrefix, type OwnConnection, type OwnConnections } from "./own-connections.ts";
import { demoProvider, findProvider, providers, splitModelId, type ProviderSpec } from "./providers.ts";
import { visionOf } from "./vision.ts";

/** A model that can be called now. */
export interface ResolvedModel {
  model_id: string;
  client: ModelClient;
  /** How it is spoken to where the agent does not say. */
  protocol: AgentProtocol;
  /** The caller pays the provider themselves. */
  is_byok: boolean;
  pricing: Price;
  /** Who earns by its use; null: nobody but the platform. */
  creator_id: string | null;
  /** Tokens. */
  context_window: number;
  /** Whether it can be shown pictures; null: unknown, so it is tried. */
  vision: boolean | null;
  /** Set while what it can do is known only by hearsay: tries it, once; rejects with `ModelError`. */
  firstUse?: () => Promise<{ protocol: AgentProtocol; context_window: number; trial: Trial }>;
  /** To try it; absent where there is nothing to try. */
  target?: TrialTarget;
  /** Remembers that the provider refused tools. */
  refusedTools?: () => Promise<void>;
  /** Records that the model made a native tool call in a run. Absent where that was known before. */
  madeNativeCall?: () => Promise<void>;
}
/** What an agent says about its model, most particular first: the user's choice for it, then its own. */
export interface ModelWish {
  selected_model: string | null;
  model: string | null;
  /** Somebody else's closed one: what it is told stays with its maker. */
  is_closed?: boolean;
  /** Answers with a key of the caller's own and no other. */
  requires_user_keys?: boolean;
  /** Its use has a price of its own, whichever model answers. */
  rates?: { input: string; output: string } | null;
  /** Who earns by that. */
  creator_id?: string | null;
}

const demoKey = "models.demo";
/** The one model of the demo, named as the scripted server names it. */
const demoModelId = "demo/scripted";

export interface ModelsOptions {
  config: Config["models"];
  settings: ServerSettings;
  store: ModelsStore;
  connections: Connections;
  own: OwnConnections;
  catalogue: Catalogue;
  prices: Prices;
  capabilities: Capabilities;
  /** What the caller's runs usually take. */
  typicalRun(userId: string): Promise<{ tokens_in: number; tokens_out: number; tokens_cached: number } | undefined>;
  outbound: Outbound;
  /** Absent where the demo's scripted server is not installed. */
  demo: DemoModel | undefined;
}

export type Models = ReturnType<typeof createModels>;
/** Which model answers, with whose key (agent-git-deploy 4.17, README rule 13). */
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

  const clientOf = (connection: Connection, model: string, fetch = outbound.fetch) => {
    const { provider, base_url, api_key } = connection;
    return createModelClient({
      provider: provider.dialect,
      base_url,
      api_key,
      model: nativeName(provider.slug, model),
      headers: provider.headers ?? {},
      takes_cache_key: provider.slug === "openai",
      fetch: isOwnAddress(connection) ? boundedAnswers(fetch) : fetch,
    });
  };

  const modelsOf = async (connection: Connection | OwnConnection): Promise<{ models: Listing["models"]; health: Listing["health"] }> => {
    if ("available_models" in connection && connection.available_models.length > 0)
      return { models: connection.available_models.map((id) => ({ id, name: id })), health: "healthy" };
    const listing = await catalogue.list(connection);
    if (listing.models.length > 0) return listing;
    // The provider told nothing: what the price table and the operator name is still worth offering.
    const { slug } = connection.provider;
    const named = config.defaults.filter((id) => splitModelId(id).provider === slug);
    const ids = [...new Set([...named, ...knownModels(slug)])].map((id) => splitModelId(id).model);
    return { models: ids.map((id) => ({ id, name: id })), health: listing.health };
  };

  /** Best known first, else what the provider lists first. */
  const firstModelOf = async (connection: Connection): Promise<string | undefined> => {
    const { models } = await modelsOf(connection);
    const { slug } = connection.provider;
    const listed = new Map(models.map(({ id }) => [nativeName(slug, id), id]));
    const known = knownModels(slug).find((id) => listed.has(nativeName(slug, splitModelId(id).model)));
    if (known) return known;
    return models[0] && `${slug}/${models[0].id}`;
  };

  /** What answers where nobody says; with `userId` a key of theirs counts as well, after what the server has, or alone. */
  const defaultModel = async (userId?: string, isOwnOnly = false): Promise<string | null> => {
    if (!isOwnOnly && (await isDemo())) return demoModelId;
    const theirs: Connection[] = userId === undefined ? [] : await own.list(userId);
    const usable: Connection[] = isOwnOnly ? theirs : await connections.list();
    const isUsable = (id: string) => usable.some((c) => c.provider.slug === splitModelId(id).provider);
    const wished = config.defaults.find(isUsable);
    if (wished) return wished;
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
      `There is no model ${JSON.stringify(id)} here. Model ids look like "openai/gpt-5.1"; the providers are ${providers.map((p) => p.slug).join(", ")}.`,
      "unknown_model",
      { providers: providers.map((p) => p.slug) },
    );

  const self = {
    isDemo,
    defaultModel,
    priceOf,
    /**
     * Throws `unknown_model`, `model_not_configured`, and `closed_source` where somebody else's closed agent would be told to an address of the
     * caller's own. `model` is the request's own word and wins.
     */
    resolve: async (userId: string, wish: { model?: string | null; agent: ModelWish }): Promise<ResolvedModel> => {
      const needsOwnKey = wish.agent.requires_user_keys === true;
      const id = wish.model ?? wish.agent.selected_model ?? wish.agent.model ?? (await defaultModel(userId, needsOwnKey));
      if (!id && needsOwnKey) throw ownKeyNeeded();
      if (!id)
        throw new AppError(
          "model_not_configured",
          "No model is connected yet. Add a key of yours under Settings, Models; an administrator can connect one for everybody on the start page, or set OPENAI_API_KEY, ANTHROPIC_API_KEY or OLLAMA_BASE_URL.",
        );
      const { provider: slug, model } = splitModelId(id);
      if (model === "") throw unknownModel(id);
      const terms = (is_byok: boolean): Pick<ResolvedModel, "pricing" | "creator_id"> => {
        const listed = priceOf(id);
        const { rates, creator_id = null } = wish.agent;
        // With a key of their own people pay the provider, and nobody else.
        if (is_byok || !rates) return { pricing: listed, creator_id: null };
        // Less than the model costs would be a way to use the platform's models for nothing: its own price is charged, and nobody earns by it.
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
      /** With the provider's own word on the window, where its list is at hand. */
      const answered = async (connection: Connection, name: string, is_byok: boolean): Promise<ResolvedModel> => {
        if (wish.agent.is_closed && isOwnAddress(connection))
          throw new AppError(
            "closed_source",
            `This agent is closed, and ${connection.provider.name} is at an address of your own, where its instructions could be read. Choose a model that is called at its provider's address.`,
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
        // The model's name alone, of one that the caller added (4.17).
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
          `${provider.name} is not connected. Add a key of yours under Settings, Models; an administrator can add ${provider.needs_key ? "its key" : "its address"} for everybody on the start page.`,
          { details: { provider: slug } },
        );
      return answered(connection, model, false);
    },
    /** The models that may answer one after another: the wished one, then the fallbacks that are named and can be called. */
    chain: async (
      userId: string,
      wish: { model?: string | null; agent: ModelWish; fallbacks?: readonly string[] | undefined },
    ): Promise<[ResolvedModel, ...ResolvedModel[]]> => {
      const first = await self.resolve(userId, wish);
      const named = wish.fallbacks ?? (await store.findPreferences(userId)).fallback_models ?? config.fallbacks;
      const isOperators = named === config.fallbacks;
      const others: ResolvedModel[] = [];
      for (const id of named) {
        if (others.length >= maxFallbacks) break;
        const next = await self.resolve(userId, { model: id, agent: wish.agent }).catch(() => undefined);
        // The operator's list must not make somebody pay who brought a key of their own.
        if (!next || (isOperators && first.is_byok && !next.is_byok)) continue;
        if ([first, ...others].every((known) => known.model_id !== next.model_id)) others.push(next);
      }
      return [first, ...others];
    },
    preferences: {
      get: (userId: string): Promise<Preferences> => store.findPreferences(userId),
      set: async (userId: string, wished: Partial<Preferences>): Promise<Preferences> => {
        const next = { ...(await store.findPreferences(userId)), ...wished };
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
      // One's own key takes the place of the server's.
      const mine = new Set(ofUser.map((c) => c.provider.slug));
      const usable: Connection[] = [...ofServer.filter((c) => !mine.has(c.provider.slug)), ...ofUser];
      const listings = await Promise.all(usable.map(async (connection) => ({ connection, ...(await modelsOf(connection)) })));
      const tried = await capabilities.list(usable);
      const facts = { disabled, priceOf, typical: typical ?? usualMessage };
      const items = listings.flatMap(({ connection, models, health }) => {
        const { slug } = connection.provider;
        const own = added.filter(
          (row) => row.model_id.startsWith(`${slug}/`) && models.every((one) => `${slug}/${one.id}` !== row.model_id),
        );
        return [
          ...models.map((one): Model => wireOf(one, connection, health, tried(connection, nativeName(slug, one.id)), facts)),
          ...own.map((row) => {
            const one = { id: row.model_id.slice(slug.length + 1), name: row.name };
            return {
              ...wireOf(one, connection, null, tried(connection, nativeName(slug, one.id)), facts),
              source: "custom" as const,
              custom_id: row.id,
            };
          }),
        ];
      });
      if (isDemoOn)
        items.unshift(wireOf({ id: splitModelId(demoModelId).model, name: "Scripted demo" }, demoConnection, "healthy", undefined, facts));
      return {
        ...page.envelope(items.slice(page.offset, page.offset + page.limit), items.length),
        default: await defaultModel(userId),
        external_providers: external_providers.map((facts) =>
          mine.has(facts.provider) ? { ...facts, has_key: true, setup_required: false } : facts,
        ),
      };
    },
    /** A model that the caller added, as lists show it. */
    customWire: async (userId: string, row: UserCustomModelRow): Promise<Model> => {
      const listed = (await self.list(userId, { limit: 500 })).items.find(
        (model) => model.custom_id === row.id || model.id === row.model_id,
      );
      if (listed) return { ...listed, source: "custom", custom_id: row.id };
      const { provider: slug, model } = splitModelId(row.model_id);
      const provider = findProvider(slug) ?? demoProvider;
      const facts = { disabled: [], priceOf, typical: usualMessage };
      const shown = wireOf(
        { id: model, name: row.name },
        { provider, base_url: provider.base_url, api_key: undefined, origin: "own" },
        null,
        undefined,
        facts,
      );
      return { ...shown, source: "custom", custom_id: row.id, available: false };
    },
    /** For the set-up card: what is connected, and what could be with one click. */
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
    /** What this server can call with keys of its own; asks nobody outside. */
    connected: async (): Promise<{ slug: string; name: string }[]> =>
      (await connections.list()).map(({ provider }) => ({ slug: provider.slug, name: provider.name })),
    /** One tiny live call of one of those, with the default model where that is its. Throws 404, `outbound_refused`. */
    tryConnected: async (slug: string): Promise<ProbeOutcome> => {
      const connection = await connections.find(slug);
      if (!connection) throw notFound("Provider");
      const usual = await defaultModel();
      return tryOut(connection, usual?.startsWith(`${slug}/`) ? usual : undefined);
    },
    /** One tiny live call; nothing is stored. */
    test: async (given: ConnectionInput & { model?: string | null }) => {
      const connection = await connectionFrom(given);
      const outcome = await tryOut(connection, given.model);
      return { ok: outcome.ok, message: outcome.message, models: outcome.models };
    },
    /** Stores a provider after a live call with it has worked. */
    connect: async (given: ConnectionInput & { default_model: string }) => {
      const connection = await connectionFrom(given);
      const outcome = await tryOut(connection, given.default_model);
      if (!outcome.ok) throw new AppError(outcome.code, outcome.message);
      const { slug } = connection.provider;
      await connections.store(slug, { api_key: connection.api_key ?? null, base_url: connection.base_url });
      await connections.chooseDefault(`${slug}/${withoutProvider(slug, given.default_model)}`);
      // A real model was connected: the script steps back.
      if (await isDemo()) await settings.set(demoKey, false);
      return self.state();
    },
    switchDemo: async (enabled: boolean) => {
      if (enabled && !demo) throw badRequest("The demo is not part of this installation.", "not_supported");
      if (enabled) await demo?.url();
      await settings.set(demoKey, enabled);
      return self.state();
    },
    state: async () => {
      const default_model = await defaultModel();
      return { configured: default_model !== null, default_model, demo: await isDemo() };
    },
    /** For the start-up banner; asks nobody outside. */
    summary: async (): Promise<string[]> => [
      ...((await isDemo()) ? ["the scripted demo"] : []),
      ...(await connections.list()).map((c) => c.provider.name),
    ],
    close: async () => demo?.close(),
  };

  function ollamaUrl(): string {
    return openaiUrlOf(config.ollama.baseUrl ?? findProvider("ollama")?.base_url ?? "");
  }

  /** A key that is not given is the stored one, but only for the address it was stored for. */
  async function connectionFrom(given: ConnectionInput): Promise<Connection> {
    const connection = connectionOf(given.provider, given);
    if (!connection) throw unknownModel(`${given.provider}/…`);
    const known = await connections.find(given.provider);
    if (!known) return connection;
    if (!given.base_url) connection.base_url = known.base_url;
    if (!given.api_key && connection.base_url === known.base_url) connection.api_key = known.api_key;
    return connection;
  }

  async function tryOut(connection: Connection, wished: string | null | undefined): Promise<ProbeOutcome> {
    const { slug } = connection.provider;
    return probe({
      connection,
      outbound,
      model: wished ? nativeName(slug, withoutProvider(slug, wished)) : undefined,
      preferred: knownModels(slug).map((id) => nativeName(slug, splitModelId(id).model)),
      clientOf: (model, fetch) => clientOf(connection, model, fetch),
    });
  }

  return self;
}

/** These providers' own services have function calling in every model they list for conversations. */
const nativeProviders = new Set(["anthropic", "openai", "google"]);
const protocolOf = ({ provider, base_url }: Connection): AgentProtocol =>
  nativeProviders.has(provider.slug) && base_url === provider.base_url ? "native" : "auto";

/** Where whoever stored the key also says which server is called: what is sent there they can read. */
const isOwnAddress = ({ provider, origin, base_url }: Connection): boolean =>
  origin === "own" && findProvider(provider.slug)?.base_url !== base_url;
const ownKeyNeeded = (provider?: ProviderSpec) =>
  new AppError(
    "model_not_configured",
    `This agent runs with a key of your own. Add ${provider ? `your key for ${provider.name}` : "one"} under Settings, Models.`,
    ...(provider ? [{ details: { provider: provider.slug } }] : []),
  );

const maxFallbacks = 4;

/** Worth a trial before the first run: models on people's own machines and endpoints, of which no price table speaks. */
const isUnknown = ({ provider }: Connection, { pricing }: Pick<ResolvedModel, "pricing">): boolean =>
  provider.slug === "ollama" || provider.slug.startsWith(`${customPrefix}/`) || (provider.slug === "openrouter" && !pricing.is_known);

interface ConnectionInput {
  provider: string;
  api_key?: string | null;
  base_url?: string | null;
}

const withoutProvider = (slug: string, id: string) => (id.startsWith(`${slug}/`) ? id.slice(slug.length + 1) : id);
/** Anthropic writes versions with dashes; our ids, as people do, with dots. */
const nativeName = (slug: string, model: string) => (slug === "anthropic" ? model.replace(/(\d)\.(\d)/g, "$1-$2") : model);

/** A message as most people's: some reading, one change, a check. */
export const usualMessage = { tokens_in: 60_000, tokens_out: 3_000, tokens_cached: 40_000 };
const demoConnection: Connection = { provider: demoProvider, base_url: "", api_key: undefined, origin: "stored" };

function wireOf(
  model: ListedModel,
  { provider, origin }: Connection,
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
