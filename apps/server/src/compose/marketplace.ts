import {
  createAgentAuthoring,
  createAgentDrafts,
  createAgentDraftsStore,
  createBaseAuthoring,
  createBaseVersions,
  createCollections,
  createCollectionsStore,
  createItemCatalogue,
  createItemListings,
  createLibrary,
  createLibraryStore,
  createModeration,
  createModerationStore,
  createRecordedRuns,
  createReviews,
  createStoreCategories,
  createThemeCatalogue,
  createThemeListings,
  mountAgentDrafts,
  mountItemPictures,
  mountItems,
  mountLibrary,
  mountMarketplaceAgents,
  mountMarketplaceBases,
  mountModeration,
  mountRecordedRuns,
  mountThemeCatalogue,
  returnOrigin,
  seedBases,
  seedExampleRuns,
} from "../features/store/marketplace/index.ts";
import type { Audit } from "../features/accounts/audit/index.ts";
import { createUsersStore, resetThemeOf, seedSystemAccounts } from "../features/accounts/users/index.ts";
import type { AccountsArea } from "./accounts.ts";
import type { Area } from "./area.ts";
import type { ChatArea } from "./chat.ts";
import type { CreatorsAndReferralsArea } from "./creators-and-referrals.ts";
import type { ProvisioningArea } from "./provisioning.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";
import type { StoreListings } from "./store-listings.ts";
import type { ToolsArea } from "./tools.ts";

/** Publishing, reviewing and moderating agents and templates, and each user's library. */
export interface MarketplaceArea extends Area {
  /** Creates or updates the system accounts and the bundled items. */
  seed(): Promise<void>;
  /** Adds the example runs of the official agents, which must exist. */
  seedExampleRuns(): Promise<void>;
}

export function composeMarketplace(
  { config, log, db, outbound, settings }: Platform,
  audit: Audit,
  { users }: AccountsArea,
  {
    payments,
    archives,
    limits,
    reviewsStore,
    picturesStore,
    templatePictures,
    itemPictures,
    recordings,
    agentVersions,
    entries,
    agentListings,
    baseListings,
    agents,
    bases,
    acquiring,
  }: StoreListings,
  { projects, pictures, templates }: ProjectsArea,
  { openGit }: ProvisioningArea,
  { listedTools, transcripts }: Pick<ChatArea, "listedTools" | "transcripts">,
  { pictureTaker }: Pick<ToolsArea, "pictureTaker">,
  { themes }: Pick<CreatorsAndReferralsArea, "themes">,
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
    transaction: agentListings.transaction,
    creatorNamed: users.getPublicByUsername,
  });
  const themeListings = createThemeListings(db);
  const items = createItemCatalogue({
    listings: createItemListings(db, { agents: agentListings, bases: baseListings, themes: themeListings }),
    limits,
    templatePictures,
    creatorNamed: users.getPublicByUsername,
  });
  const collectionsStore = createCollectionsStore(db);
  const categories = createStoreCategories({ store: collectionsStore });
  const { appBaseUrl, corsOrigins } = config.http;
  const returnTo = (headers: { origin?: string | undefined; referer?: string | undefined }, returnUrl: string | null | undefined) => ({
    origin: returnOrigin({ returnUrl, headers }, { appBaseUrl, corsOrigins }),
  });

  return {
    jobs: { sweep_base_archives: () => archives.sweep(baseListings.hasArchive) },
    cron: { sweep_base_archives: "53 * * * *" },
    seed: async () => {
      await archives.sweep(baseListings.hasArchive);
      await seedSystemAccounts(createUsersStore(db));
      await seedBases({ listings: baseListings, templates, settings, log });
    },
    seedExampleRuns: () => seedExampleRuns(recordings),
    mount(mount) {
      mountMarketplaceAgents(mount, {
        catalogue: agents,
        authoring: createAgentAuthoring({
          listings: agentListings,
          catalogue: agents,
          entries,
          versions: agentVersions,
          payments,
          limits,
          requireCategory: categories.require,
          choices: { toolNames: new Set(listedTools.map(({ name }) => name)), defaultModel: config.models.defaults[0] ?? null },
        }),
        acquiring,
        reviews,
        returnTo,
      });
      mountRecordedRuns(mount, {
        recordedRuns: createRecordedRuns({
          store: recordings,
          agents,
          limits,
          readRun: (userId, chatId, taskId) => transcripts.read(userId, chatId, { task_id: taskId }),
        }),
      });
      mountAgentDrafts(mount, { drafts: createAgentDrafts({ store: createAgentDraftsStore(db), catalogue: agents }) });
      mountMarketplaceBases(mount, {
        catalogue: bases,
        authoring: createBaseAuthoring({
          listings: baseListings,
          catalogue: bases,
          entries,
          archives,
          checkUrl: outbound.check,
          projectPictures: { find: pictures.find, request: pictureTaker.request },
          pictures: picturesStore,
          limits,
          requireCategory: categories.require,
        }),
        acquiring,
        reviews,
        versions: createBaseVersions({ openGit, outbound, github: config.auth.oauth.github, log }),
        limits,
        returnTo,
      });
      mountItems(mount, {
        catalogue: items,
        reviews,
        categories,
        collections: createCollections({ store: collectionsStore, audit, items, limits }),
      });
      mountThemeCatalogue(mount, { catalogue: createThemeCatalogue({ listings: themeListings, themes, resetThemeOf, limits }) });
      mountItemPictures(mount, { pictures: itemPictures });
      mountModeration(mount, { moderation: createModeration({ store: createModerationStore(db), audit }) });
      mountLibrary(mount, {
        library: createLibrary({
          store: createLibraryStore(db),
          entries,
          versions: agentVersions,
          agents: agentListings,
          bases: baseListings,
          projects,
          creatorNamed: users.getPublicByUsername,
          templatePictures,
        }),
      });
    },
  };
}
