import {
  createAcquiring,
  createAcquiringStore,
  createAgentCatalogue,
  createAgentListings,
  createAgentVersionsStore,
  createBaseArchives,
  createBaseCatalogue,
  createBaseResolver,
  createBaseListings,
  createItemPictureEncoder,
  createItemPictures,
  createItemPicturesStore,
  createMarketplaceLimits,
  createRecordedRunsStore,
  createReviewsStore,
  type MarketplacePayments,
} from "../features/store/marketplace/index.ts";
import type { Platform } from "./platform.ts";
import type { ProjectsArea } from "./projects.ts";
import type { SecretsArea } from "./secrets.ts";

/** Listing and acquiring of agents and templates, which project creation needs. `composeMarketplace` adds the rest. */
export type StoreListings = ReturnType<typeof composeStoreListings>;
export function composeStoreListings(
  { db, objects, limits: limiter }: Platform,
  { redactions }: Pick<SecretsArea, "redactions">,
  { projects, templates }: ProjectsArea,
  payments: MarketplacePayments,
) {
  const limits = createMarketplaceLimits(limiter);
  const reviewsStore = createReviewsStore(db);
  const entries = createAcquiringStore(db);
  const agentListings = createAgentListings(db);
  const baseListings = createBaseListings(db);
  const picturesStore = createItemPicturesStore(db);
  const recordings = createRecordedRunsStore(db);
  const templatePictures = (slug: string) => templates.find(slug)?.api.pictures ?? null;
  const agentVersions = createAgentVersionsStore(db);
  const agents = createAgentCatalogue({
    listings: agentListings,
    reviews: reviewsStore,
    pictures: picturesStore,
    recordings,
    versions: agentVersions,
    limits,
  });
  const bases = createBaseCatalogue({ listings: baseListings, reviews: reviewsStore, templatePictures, limits });
  const itemPictures = createItemPictures({ store: picturesStore, encode: createItemPictureEncoder(), agents, bases, limits });
  const acquiring = createAcquiring({ store: entries, agents, bases, payments, limits });
  const archives = createBaseArchives({
    objects,
    projects,
    redactorOf: redactions.of,
  });
  return {
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
    resolveBase: createBaseResolver({ bases, acquiring, archives }),
  };
}
