import { AppError } from "../../../platform/errors.ts";
import type { AvailableModels } from "./available-models.ts";
import type { ConnectedModels, ModelRequirements, ResolvedModel } from "./connected-models.ts";
import type { ProviderConnections } from "./connections.ts";
import type { DemoMode } from "./demo-mode.ts";
import type { ModelsStore, StoredPreferences } from "./models.store.ts";
import { customPrefix, type OwnConnections } from "./own-connections.ts";
import { demoProvider, findProvider, splitModelId, unknownModel, type ProviderSpec } from "./providers.ts";

/** A model by its id; null: the agent's, else the default. */
interface RequestedModel {
  model?: string | null;
  agent: ModelRequirements;
}

export type Models = ReturnType<typeof createModels>;
/** Resolves a model id to a model, with the user's key for the provider if there is one, else the server's. */
export function createModels({
  connections,
  own,
  demo,
  available,
  connected,
  store,
}: {
  connections: Pick<ProviderConnections, "find">;
  own: Pick<OwnConnections, "find" | "findCustom">;
  demo: Pick<DemoMode, "isInstalled" | "client">;
  available: Pick<AvailableModels, "defaultModel">;
  connected: ConnectedModels;
  store: Pick<ModelsStore, "listCustom" | "findPreferences" | "savePreferences">;
}) {
  const self = {
    /**
     * Throws `unknown_model`, `model_not_configured`, and `closed_source` where a closed agent of another user would be sent to the user's own endpoint.
     * `model` wins over the agent's.
     */
    resolve: async (userId: string, requested: RequestedModel): Promise<ResolvedModel> => {
      const needsOwnKey = requested.agent.requires_user_keys === true;
      const id =
        requested.model ?? requested.agent.selected_model ?? requested.agent.model ?? (await available.defaultModel(userId, needsOwnKey));
      if (!id && needsOwnKey) throw ownKeyNeeded();
      if (!id)
        throw new AppError(
          "model_not_configured",
          "No model is connected. Add your own key in Settings, Models, or ask an administrator to connect a model (start page, OPENAI_API_KEY, ANTHROPIC_API_KEY or OLLAMA_BASE_URL).",
        );
      const { provider: slug, model } = splitModelId(id);
      if (model === "") throw unknownModel(id);
      const named = { id: `${slug}/${model}`, agent: requested.agent };
      if (slug === demoProvider.slug && demo.isInstalled) {
        if (needsOwnKey) throw ownKeyNeeded();
        return connected.describe(await demo.client(model), named);
      }
      if (slug === customPrefix) {
        const { provider: name, model: rest } = splitModelId(model);
        const endpoint = rest === "" ? undefined : await own.findCustom(userId, name);
        if (!endpoint) throw unknownModel(id);
        return connected.on(endpoint, rest, named);
      }
      const provider = findProvider(slug);
      if (!provider) {
        // The name of a custom model without its provider.
        const added = (await store.listCustom(userId)).find((row) => row.model_id.endsWith(`/${id}`));
        if (!added) throw unknownModel(id);
        return self.resolve(userId, { model: added.model_id, agent: requested.agent });
      }
      const mine = await own.find(userId, slug);
      if (mine) return connected.on(mine, model, named);
      if (needsOwnKey) throw ownKeyNeeded(provider);
      const connection = await connections.find(slug);
      if (!connection)
        throw new AppError(
          "model_not_configured",
          `${provider.name} is not connected. Add your own key in Settings, Models, or ask an administrator to add ${provider.needs_key ? "a key" : "its URL"} on the start page.`,
          { details: { provider: slug } },
        );
      return connected.on(connection, model, named);
    },
    preferences: {
      get: (userId: string): Promise<StoredPreferences> => store.findPreferences(userId),
      set: async (userId: string, change: Partial<StoredPreferences>): Promise<StoredPreferences> => {
        const next = { ...(await store.findPreferences(userId)), ...change };
        await store.savePreferences(userId, next);
        return next;
      },
    },
  };
  return self;
}

const ownKeyNeeded = (provider?: ProviderSpec) =>
  new AppError(
    "model_not_configured",
    `This agent requires your own API key. Add ${provider ? `a key for ${provider.name}` : "one"} in Settings, Models.`,
    ...(provider ? [{ details: { provider: provider.slug } }] : []),
  );
