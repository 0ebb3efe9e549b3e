import type { Audit } from "../features/accounts/audit/index.ts";
import { createAgents, createAgentsStore, type Agents } from "../features/agent/agents/index.ts";
import { createCredits, createCreditsStore, type Credits } from "../features/billing/credits/index.ts";
import {
  createCapabilities,
  createModelCatalogue,
  createProviderConnections,
  createDemoModel,
  createModelChoices,
  createModelKeys,
  createModelKeysStore,
  createModels,
  createModelsStore,
  createOwnConnections,
  createPrices,
  mountModelKeys,
  mountModels,
  type Models,
} from "../features/agent/models/index.ts";
import type { Area } from "./area.ts";
import type { Platform } from "./platform.ts";

/** Which models there are, with whose keys, for how many credits, and the agents that use them. */
export interface ModelsArea extends Area {
  models: Models;
  agents: Agents;
  credits: Credits;
}

export function composeModels(
  { config, log, onClose, db, box, settings, outbound }: Platform,
  audit: Audit,
  { demoModel }: { demoModel: string | undefined },
): ModelsArea {
  const credits = createCredits({ store: createCreditsStore(db), isBilled: config.billing.isOn, terms: config.billing.terms });
  const keysStore = createModelKeysStore(db);
  const own = createOwnConnections({ store: keysStore, box, tiers: config.billing.isOn ? config.billing.byokTiers : undefined, log });
  const store = createModelsStore(db);
  const catalogue = createModelCatalogue({ outbound, log });
  const capabilities = createCapabilities({ store, catalogue, outbound, log });
  const models = createModels({
    config: config.models,
    settings,
    store,
    connections: createProviderConnections({ config: config.models, settings }),
    own,
    catalogue,
    capabilities,
    typicalRun: credits.typicalRun,
    prices: createPrices({ file: config.models.pricesFile, log }),
    outbound,
    demo: demoModel === undefined ? undefined : createDemoModel({ command: [process.execPath, demoModel], log }),
  });
  onClose(() => models.close());
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
    agents,
    credits,
    jobs: credits.jobHandlers,
    cron: { refresh_credits: "0 * * * *" },
    mount(mount) {
      mountModels(mount, { audit, models, choices: createModelChoices({ models, store, capabilities, agents, credits }) });
      mountModelKeys(mount, { keys: createModelKeys({ store: keysStore, own, box, outbound, tryOut: models.tryOut }) });
    },
  };
}
