import { join } from "node:path";
import { allTools } from "@tesslate/agent";
import {
  createAcquiring,
  createAcquiringStore,
  createAgentAuthoring,
  createAgentCatalogue,
  createAgentShelf,
  createBaseArchives,
  createBaseAuthoring,
  createBaseCatalogue,
  createBaseChoices,
  createBaseShelf,
  createBaseVersions,
  createLibrary,
  createLibraryStore,
  createMarketplaceLimits,
  createModeration,
  createModerationStore,
  createReviews,
  createReviewsStore,
  mountLibrary,
  mountMarketplaceAgents,
  mountMarketplaceBases,
  mountModeration,
  returnOrigin,
  seedBases,
  type MarketplacePayments,
} from "../features/store/marketplace/index.ts";
import type { Audit } from "../features/accounts/audit/index.ts";
import { createUsersStore, seedSystemAccounts } from "../features/accounts/users/index.ts";
import type { AccountsArea } from "./accounts.ts";
import type { Area } from "./area.ts";
import type { ArrivalsArea } from "./provisioning.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";
import type { Secrecy } from "./secrets.ts";
import type { ToolsArea } from "./tools.ts";

/** Agents and bases as they are found and taken, before there are projects to use them in. */
export type MarketShelves = ReturnType<typeof composeShelves>;
export function composeShelves(
  { db, dataDir, limits: limiter }: Platform,
  { redactions }: Pick<Secrecy, "redactions">,
  { projects }: ProjectsArea,
  payments: MarketplacePayments,
) {
  const limits = createMarketplaceLimits(limiter);
  const reviewsStore = createReviewsStore(db);
  const entries = createAcquiringStore(db);
  const agentShelf = createAgentShelf(db);
  const baseShelf = createBaseShelf(db);
  const agents = createAgentCatalogue({ shelf: agentShelf, reviews: reviewsStore, limits });
  const bases = createBaseCatalogue({ shelf: baseShelf, reviews: reviewsStore, limits });
  const acquiring = createAcquiring({ store: entries, agents, bases, payments, limits });
  const archives = createBaseArchives({
    dir: join(dataDir, "bases"),
    arrivalsDir: join(dataDir, "arrivals"),
    projects,
    redactorOf: redactions.of,
  });
  return {
    payments,
    archives,
    limits,
    reviewsStore,
    entries,
    agentShelf,
    baseShelf,
    agents,
    bases,
    acquiring,
    chooseBase: createBaseChoices({ bases, acquiring, archives }),
  };
}

/** What people find, take, make and judge: agents and bases, and everybody's library of them. */
export interface MarketplaceArea extends Area {
  /** Accounts of the house and the catalogue, brought up to date. */
  seed(): Promise<void>;
}

export function composeMarketplace(
  { config, log, db, outbound, settings }: Platform,
  audit: Audit,
  { users }: AccountsArea,
  { payments, archives, limits, reviewsStore, entries, agentShelf, baseShelf, agents, bases, acquiring }: MarketShelves,
  { projects, templates }: ProjectsArea,
  { openGit }: ArrivalsArea,
  { listedTools }: ToolsArea,
): MarketplaceArea {
  const reviews = createReviews({
    store: reviewsStore,
    items: {
      agent: {
        requireId: async (viewer, ref) => (await agents.require(viewer, ref)).agent.id,
        lock: async (tx, viewer, ref) => {
          const { agent, isOwn } = await agents.lock(tx, viewer, ref);
          return { id: agent.id, isOwn };
        },
      },
      base: {
        requireId: async (viewer, ref) => (await bases.require(viewer, ref)).base.id,
        lock: async (tx, viewer, ref) => {
          const { base, isOwn } = await bases.lock(tx, viewer, ref);
          return { id: base.id, isOwn };
        },
      },
    },
    limits,
    transaction: agentShelf.transaction,
  });
  const { appBaseUrl, corsOrigins } = config.http;
  const returnTo = (headers: { origin?: string | undefined; referer?: string | undefined }, returnUrl: string | null | undefined) => ({
    origin: returnOrigin({ returnUrl, headers }, { appBaseUrl, corsOrigins }),
  });

  return {
    jobs: { sweep_base_archives: () => archives.sweep(baseShelf.hasArchive) },
    cron: { sweep_base_archives: "53 * * * *" },
    seed: async () => {
      await archives.sweep(baseShelf.hasArchive);
      await seedSystemAccounts(createUsersStore(db));
      await seedBases({ shelf: baseShelf, templates, settings, log });
    },
    mount(mount) {
      mountMarketplaceAgents(mount, {
        catalogue: agents,
        authoring: createAgentAuthoring({
          shelf: agentShelf,
          catalogue: agents,
          entries,
          payments,
          limits,
          toolNames: () => new Set([...allTools, ...listedTools].map(({ name }) => name)),
          defaultModel: config.models.defaults[0] ?? null,
        }),
        acquiring,
        reviews,
        returnTo,
      });
      mountMarketplaceBases(mount, {
        catalogue: bases,
        authoring: createBaseAuthoring({ shelf: baseShelf, catalogue: bases, entries, archives, checkUrl: outbound.check, limits }),
        acquiring,
        reviews,
        versions: createBaseVersions({ openGit, outbound, github: config.auth.oauth.github, log }),
        limits,
        returnTo,
      });
      mountModeration(mount, { moderation: createModeration({ store: createModerationStore(db), audit }) });
      mountLibrary(mount, {
        library: createLibrary({
          store: createLibraryStore(db),
          entries,
          agents: agentShelf,
          bases: baseShelf,
          projects,
          creatorNamed: users.getPublicByUsername,
        }),
      });
    },
  };
}
