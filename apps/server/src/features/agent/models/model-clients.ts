import { createModelClient, type ModelClient } from "@tesslate/agent";
import type { Measurements } from "../../../platform/measurements.ts";
import { boundedResponses } from "./bounded-responses.ts";
import { apiOf, type OutboundOf, type ProviderConnection } from "./connections.ts";
import { measuredClient } from "./measured-client.ts";
import type { Prices } from "./prices.ts";
import { probe, type ProbeOutcome } from "./probe.ts";
import { findProvider, nativeName, splitModelId, withoutProvider } from "./providers.ts";

/** The user chose the URL, so they can read what is sent there. */
export const isOwnAddress = ({ provider, origin, base_url }: ProviderConnection): boolean =>
  origin === "own" && findProvider(provider.slug)?.base_url !== base_url;

/** Calls models over connections. */
export type ModelClients = ReturnType<typeof createModelClients>;
export function createModelClients({
  outboundOf,
  prices,
  measurements,
}: {
  outboundOf: OutboundOf;
  prices: Pick<Prices, "known">;
  measurements: Pick<Measurements, "modelCall">;
}) {
  const clientOf = (connection: ProviderConnection, model: string, fetch = outboundOf(connection).fetch): ModelClient => {
    const { provider, base_url, api_key } = connection;
    const client = createModelClient({
      provider: apiOf(connection),
      base_url,
      api_key,
      model: nativeName(provider.slug, model),
      headers: provider.headers ?? {},
      takes_cache_key: provider.slug === "openai",
      fetch: isOwnAddress(connection) ? boundedResponses(fetch) : fetch,
    });
    return measuredClient(client, findProvider(provider.slug) ? provider.slug : "custom", measurements);
  };
  return {
    clientOf,
    /** Tests a connection with a small call, by default to a model of the price table. Throws `outbound_refused`. */
    tryOut: (connection: ProviderConnection, model: string | null | undefined): Promise<ProbeOutcome> => {
      const { slug } = connection.provider;
      return probe({
        connection,
        outbound: outboundOf(connection),
        model: model ? nativeName(slug, withoutProvider(slug, model)) : undefined,
        preferred: prices.known(slug).map((id) => nativeName(slug, splitModelId(id).model)),
        clientOf: (name, fetch) => clientOf(connection, name, fetch),
      });
    },
  };
}
