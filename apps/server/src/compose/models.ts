import type { Audit } from "../features/accounts/audit/index.ts";
import { createAgents, createAgentsStore, type Agents } from "../features/agent/agents/index.ts";
import { createCredits, createCreditsStore, type Credits } from "../features/billing/credits/index.ts";
import {
  createAvailableModels,
  createCapabilities,
  createConnectedModels,
  createDemoMode,
  createDemoModel,
  createModelCatalogue,
  createModelChoices,
  createModelClients,
  createModelKeys,
  createModelKeysStore,
  createModelList,
  createModels,
  createModelSetup,
  createModelsStore,
  createOutboundOf,
  createOwnConnections,
  createPrices,
  createProviderConnections,
  createResolveChain,
  mountModelKeys,
  mountModels,
  type Models,
  type ModelPrice,
  type ModelSetup,
  type ResolveChain,
} from "../features/agent/models/index.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";

/** Which models there are, with whose keys, for how many credits, and the agents that use them. */
export interface ModelsArea extends Area {
  models: Models;
  resolveChain: ResolveChain;
  priceOf: (modelId: string) => ModelPrice;
  modelSetup: ModelSetup;
  /** Whether the scripted demo is on. */
  isDemo: () => Promise<boolean>;
  agents: Agents;
  credits: Credits;
}

export function composeModels(
  { config, log, onClose, db, box, settings, outbound, serverOutbound, measurements }: Platform,
  audit: Audit,
  { demoModel }: { demoModel: string | undefined },
): ModelsArea {
  const credits = createCredits({ store: createCreditsStore(db), isBilled: config.billing.isOn, terms: config.billing.terms });
  const keysStore = createModelKeysStore(db);
  const own = createOwnConnections({ store: keysStore, box, tiers: config.billing.isOn ? config.billing.byokTiers : undefined, log });
  const store = createModelsStore(db);
  const outboundOf = createOutboundOf({ outbound, serverOutbound });
  const catalogue = createModelCatalogue({ outboundOf, log });
  const capabilities = createCapabilities({ store, catalogue, outboundOf, log });
  const connections = createProviderConnections({ config: config.models, settings });
  const prices = createPrices({ file: config.models.pricesFile, log });
  const clients = createModelClients({ outboundOf, prices, measurements });
  const scripted = demoModel === undefined ? undefined : createDemoModel({ command: [process.execPath, demoModel], log });
  onClose(async () => scripted?.close());
  const demo = createDemoMode({ scripted, settings, isOnByDefault: config.models.isDemo });
  const available = createAvailableModels({ defaults: config.models.defaults, connections, own, catalogue, prices, demo });
  const connected = createConnectedModels({ clients, catalogue, capabilities, prices });
  const models = createModels({ connections, own, demo, available, connected, store });
  const modelSetup = createModelSetup({
    ollamaBaseUrl: config.models.ollama.baseUrl,
    connections,
    available,
    clients,
    demo,
    outbound: serverOutbound,
  });
  const list = createModelList({ available, connections, store, capabilities, prices, typicalRun: credits.typicalRun });
  const agents = createAgents({
    store: createAgentsStore(db),
    features: {
      streaming: config.features.streaming,
      web_search: config.web.isOn,
      plan_mode: config.features.planMode,
      subagents: config.features.subagents,
      apply_patch: config.features.applyPatch,
    },
  });

  return {
    models,
    resolveChain: createResolveChain({ models, operatorFallbacks: config.models.fallbacks }),
    priceOf: prices.of,
    modelSetup,
    isDemo: demo.isOn,
    agents,
    credits,
    jobs: credits.jobHandlers,
    cron: { refresh_credits: "0 * * * *" },
    mount(mount) {
      const choices = createModelChoices({ models, list, store, capabilities, agents, credits });
      mountModels(mount, { audit, list, choices, setup: modelSetup });
      mountModelKeys(mount, { keys: createModelKeys({ store: keysStore, own, catalogue, box, outbound, tryOut: clients.tryOut }) });
    },
  };
}
