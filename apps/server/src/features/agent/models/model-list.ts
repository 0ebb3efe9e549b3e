import { contextWindowOf } from "@tesslate/agent";
import type { Model } from "@tesslate/contract";
import type { ModelCapabilitiesRow, UserCustomModelRow } from "../../../db/schema/agent/models.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { AvailableModels } from "./available-models.ts";
import { isTested, scoreOf, toolsOf, type Capabilities } from "./capabilities.ts";
import type { ListedModel } from "./catalogue.ts";
import type { ProviderConnection, ProviderConnections } from "./connections.ts";
import { demoModelId } from "./demo-mode.ts";
import type { ModelsStore } from "./models.store.ts";
import { customPrefix } from "./own-connections.ts";
import { costOf, type Prices } from "./prices.ts";
import { demoProvider, findProvider, nativeName, nativeProviders, splitModelId } from "./providers.ts";
import { reasoningOf } from "./reasoning.ts";
import { visionOf } from "./vision.ts";

interface Usage {
  tokens_in: number;
  tokens_out: number;
  tokens_cached: number;
}

export type ModelList = ReturnType<typeof createModelList>;
/** The models that the API lists for a user. */
export function createModelList({
  available,
  connections,
  store,
  capabilities,
  prices,
  typicalRun,
}: {
  available: AvailableModels;
  connections: Pick<ProviderConnections, "providers">;
  store: Pick<ModelsStore, "listDisabled" | "listCustom">;
  capabilities: Pick<Capabilities, "list">;
  prices: Pick<Prices, "of">;
  /** The average usage of the user's runs. */
  typicalRun(userId: string): Promise<Usage | undefined>;
}) {
  const priceOf = prices.of;
  const self = {
    /** Every model of every connected provider. */
    list: async (userId: string, query: PageQuery) => {
      const page = pageOf(query);
      const [listings, disabled, external_providers, isDemoOn, added, typical] = await Promise.all([
        available.listings(userId),
        store.listDisabled(userId),
        connections.providers(),
        available.isDemo(),
        store.listCustom(userId),
        typicalRun(userId),
      ]);
      const tried = await capabilities.list(listings.map(({ connection }) => connection));
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
      const ownKeys = new Set(
        listings.filter(({ connection }) => connection.origin === "own").map(({ connection }) => connection.provider.slug),
      );
      return {
        ...page.envelope(items.slice(page.offset, page.offset + page.limit), items.length),
        default: await available.defaultModel(userId),
        external_providers: external_providers.map((facts) =>
          ownKeys.has(facts.provider) ? { ...facts, has_key: true, setup_required: false } : facts,
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
  };
  return self;
}

/** The usage of a typical message. */
const typicalMessage = { tokens_in: 60_000, tokens_out: 3_000, tokens_cached: 40_000 };
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
    reasoning: [...reasoningOf(id)],
    vision: tried?.vision ?? model.has_vision ?? visionOf(id),
    tools: tried && isTested(tried) ? toolsOf(tried) : model.has_tools === true || nativeProviders.has(provider.slug) ? "native" : null,
    score: tried ? scoreOf(tried) : null,
    tokens_per_second: tried?.tokens_per_second ?? null,
    message_cents: isOwn ? 0 : Number(costOf(price, facts.typical).total),
    is_price_known: price.is_known,
    own_key: isOwn,
  };
}
