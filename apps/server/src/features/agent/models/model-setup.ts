import type { OpenaiApi } from "@tesslate/contract";
import { AppError, invalid, notFound } from "../../../platform/errors.ts";
import type { Outbound } from "../../../platform/outbound.ts";
import type { AvailableModels } from "./available-models.ts";
import { findOllama } from "./catalogue.ts";
import { createConnection, openaiUrlOf, type ProviderConnection, type ProviderConnections } from "./connections.ts";
import type { DemoMode } from "./demo-mode.ts";
import type { ModelClients } from "./model-clients.ts";
import type { ProbeOutcome } from "./probe.ts";
import { findProvider, unknownModel, withoutProvider } from "./providers.ts";

interface ConnectionInput {
  provider: string;
  api_key?: string | null;
  base_url?: string | null;
  openai_api?: OpenaiApi | null;
}

export type ModelSetup = ReturnType<typeof createModelSetup>;
/** Which models the server connects: the setup card, the demo, and their state. */
export function createModelSetup({
  ollamaBaseUrl,
  connections,
  available,
  clients,
  demo,
  outbound,
}: {
  /** The configured URL of Ollama; undefined: its default one. */
  ollamaBaseUrl: string | undefined;
  connections: ProviderConnections;
  available: Pick<AvailableModels, "defaultModel">;
  clients: Pick<ModelClients, "tryOut">;
  demo: DemoMode;
  /** Reaches Ollama's default address. */
  outbound: Outbound;
}) {
  const ollamaUrl = openaiUrlOf(ollamaBaseUrl ?? findProvider("ollama")?.base_url ?? "");

  /** Without a key or an API, uses the stored one, but only for the URL for which it was stored. */
  const connectionFrom = async (given: ConnectionInput): Promise<ProviderConnection> => {
    const known = await connections.find(given.provider);
    const connection = createConnection(given.provider, { ...given, base_url: given.base_url || (known?.base_url ?? null) });
    if (!connection && findProvider(given.provider)) throw invalid(["body", "base_url"], "Enter the address of the server");
    if (!connection) throw unknownModel(`${given.provider}/…`);
    if (!known) return connection;
    if (connection.base_url !== known.base_url) return connection;
    if (!given.api_key) connection.api_key = known.api_key;
    if (!given.openai_api) connection.openai_api = known.openai_api;
    return connection;
  };

  const self = {
    /** For the setup card: what is connected, and what could be. */
    setup: async (user: { id: string; is_superuser: boolean }) => {
      const [default_model, ollamaModels, isDemoOn, facts] = await Promise.all([
        available.defaultModel(user.id),
        // Others cannot connect it, so what runs on the server's machine does not concern them.
        user.is_superuser ? findOllama(ollamaUrl, outbound) : undefined,
        demo.isOn(),
        connections.providers(),
      ]);
      return {
        configured: default_model !== null,
        default_model,
        can_configure: user.is_superuser,
        demo: isDemoOn,
        demo_available: demo.isInstalled,
        ollama: ollamaModels === undefined ? null : { base_url: ollamaUrl, models: ollamaModels },
        providers: facts,
      };
    },
    /** The providers for which the server has keys. Makes no request. */
    connected: async (): Promise<{ slug: string; name: string }[]> =>
      (await connections.list()).map(({ provider }) => ({ slug: provider.slug, name: provider.name })),
    /** Tests one of them with a small call. Throws 404, `outbound_refused`. */
    tryConnected: async (slug: string): Promise<ProbeOutcome> => {
      const connection = await connections.find(slug);
      if (!connection) throw notFound("Provider");
      const usual = await available.defaultModel();
      return clients.tryOut(connection, usual?.startsWith(`${slug}/`) ? usual : undefined);
    },
    /** Tests a connection with a small call. Stores nothing. */
    test: async (given: ConnectionInput & { model?: string | null }) => {
      const connection = await connectionFrom(given);
      const outcome = await clients.tryOut(connection, given.model);
      const { ok, message, models } = outcome;
      return { ok, message, models, ...(!outcome.ok && outcome.needs_model && { needs_model: true }) };
    },
    /** Stores a connection after a successful test. */
    connect: async (given: ConnectionInput & { default_model: string }) => {
      const connection = await connectionFrom(given);
      const outcome = await clients.tryOut(connection, given.default_model);
      if (!outcome.ok) throw new AppError(outcome.code, outcome.message);
      const { slug } = connection.provider;
      const { api_key, base_url, openai_api } = connection;
      await connections.store(slug, { api_key: api_key ?? null, base_url, ...(openai_api && { openai_api }) });
      await connections.chooseDefault(`${slug}/${withoutProvider(slug, given.default_model)}`);
      // Switches the demo off, because a real model is connected.
      if (await demo.isOn()) await demo.switch(false);
      return self.state();
    },
    switchDemo: async (enabled: boolean) => {
      await demo.switch(enabled);
      return self.state();
    },
    state: async () => {
      const default_model = await available.defaultModel();
      return { configured: default_model !== null, default_model, demo: await demo.isOn() };
    },
    /** For the startup banner. Makes no request. */
    summary: async (): Promise<string[]> => [
      ...((await demo.isOn()) ? ["the scripted demo"] : []),
      ...(await connections.list()).map((c) => c.provider.name),
    ],
  };
  return self;
}
