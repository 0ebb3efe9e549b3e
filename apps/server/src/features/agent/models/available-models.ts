import type { Listing, ModelCatalogue } from "./catalogue.ts";
import type { ProviderConnection, ProviderConnections } from "./connections.ts";
import { demoModelId, type DemoMode } from "./demo-mode.ts";
import type { OwnConnection, OwnConnections } from "./own-connections.ts";
import type { Prices } from "./prices.ts";
import { nativeName, splitModelId } from "./providers.ts";

/** The models that a user can call, over the server's connections and their own. */
export type AvailableModels = ReturnType<typeof createAvailableModels>;
export function createAvailableModels({
  defaults,
  connections,
  own,
  catalogue,
  prices,
  demo,
}: {
  /** The operator's default models, best first. */
  defaults: readonly string[];
  connections: ProviderConnections;
  own: OwnConnections;
  catalogue: ModelCatalogue;
  prices: Pick<Prices, "known">;
  demo: Pick<DemoMode, "isOn">;
}) {
  const modelsOf = async (
    connection: ProviderConnection | OwnConnection,
  ): Promise<{ models: Listing["models"]; health: Listing["health"] }> => {
    if ("available_models" in connection && connection.available_models.length > 0)
      return { models: connection.available_models.map((id) => ({ id, name: id })), health: "healthy" };
    const listing = await catalogue.list(connection);
    if (listing.models.length > 0) return listing;
    // The provider lists nothing: use the models of the price table and of the operator's defaults.
    const { slug } = connection.provider;
    const named = defaults.filter((id) => splitModelId(id).provider === slug);
    const ids = [...new Set([...named, ...prices.known(slug)])].map((id) => splitModelId(id).model);
    return { models: ids.map((id) => ({ id, name: id })), health: listing.health };
  };

  /** The first model of the price table that the provider lists, else the first that it lists. */
  const firstModelOf = async (connection: ProviderConnection): Promise<string | undefined> => {
    const { models } = await modelsOf(connection);
    const { slug } = connection.provider;
    const listed = new Map(models.map(({ id }) => [nativeName(slug, id), id]));
    const known = prices.known(slug).find((id) => listed.has(nativeName(slug, splitModelId(id).model)));
    if (known) return known;
    return models[0] && `${slug}/${models[0].id}`;
  };

  /** The model when none is requested. With `userId`, the user's own keys count too, after the server's; with `isOwnOnly`, only they count. */
  const defaultModel = async (userId?: string, isOwnOnly = false): Promise<string | null> => {
    if (!isOwnOnly && (await demo.isOn())) return demoModelId;
    const theirs: ProviderConnection[] = userId === undefined ? [] : await own.list(userId);
    const usable: ProviderConnection[] = isOwnOnly ? theirs : await connections.list();
    const isUsable = (id: string) => usable.some((c) => c.provider.slug === splitModelId(id).provider);
    const configured = defaults.find(isUsable);
    if (configured) return configured;
    const chosen = await connections.chosenDefault();
    if (chosen && isUsable(chosen)) return chosen;
    for (const connection of isOwnOnly ? theirs : [...usable, ...theirs]) {
      const first = await firstModelOf(connection);
      if (first) return first;
    }
    return null;
  };

  return {
    isDemo: demo.isOn,
    defaultModel,
    /** What is listed on the connections of a user. Their own key replaces the server's. */
    listings: async (userId: string): Promise<(Listing & { connection: ProviderConnection })[]> => {
      const [ofServer, ofUser] = await Promise.all([connections.list(), own.list(userId)]);
      const theirs = new Set(ofUser.map((c) => c.provider.slug));
      const usable: ProviderConnection[] = [...ofServer.filter((c) => !theirs.has(c.provider.slug)), ...ofUser];
      return Promise.all(usable.map(async (connection) => ({ connection, ...(await modelsOf(connection)) })));
    },
  };
}
