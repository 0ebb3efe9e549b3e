export { createAcquiring } from "./acquiring.ts";
export { createAcquiringStore } from "./acquiring.store.ts";
export { createAgentDrafts } from "./agent-drafts.service.ts";
export { createAgentDraftsStore } from "./agent-drafts.store.ts";
export { createAgentAuthoring } from "./agents.authoring.ts";
export { createAgentCatalogue } from "./agents.service.ts";
export { createAgentVersionsStore } from "./agent-versions.store.ts";
export { createAgentListings, type AgentFilter } from "./agents.store.ts";
export { createBaseArchives } from "./bases.archives.ts";
export { createBaseAuthoring } from "./bases.authoring.ts";
export { createBaseCatalogue } from "./bases.service.ts";
export { createBaseResolver } from "./bases.resolve.ts";
export { createBaseListings, giveAwayBasesOf } from "./bases.store.ts";
export { createBaseVersions } from "./bases.versions.ts";
export { seedBases } from "./catalogue/seed.ts";
export { createItemPictureEncoder } from "./item-picture-encoder.ts";
export { createItemPicturesStore } from "./item-pictures.store.ts";
export { createItemPictures } from "./item-pictures.ts";
export { createCollections, createStoreCategories } from "./collections.ts";
export { createCollectionsStore } from "./collections.store.ts";
export { createItemCatalogue } from "./items.service.ts";
export { createItemListings } from "./items.store.ts";
export { createLibrary } from "./library.service.ts";
export { createLibraryStore } from "./library.store.ts";
export { createMarketplaceLimits } from "./limits.ts";
export {
  mountAgentDrafts,
  mountItemPictures,
  mountItems,
  mountLibrary,
  mountMarketplaceAgents,
  mountMarketplaceBases,
  mountModeration,
  mountRecordedRuns,
  mountThemeCatalogue,
} from "./marketplace.routes.ts";
export { createModeration } from "./moderation.ts";
export { createModerationStore } from "./moderation.store.ts";
export { returnOrigin, type MarketplacePayments } from "./payments.ts";
export { createSoldItems } from "./sold-items.store.ts";
export { seedExampleRuns } from "./example-runs.ts";
export { createRecordedRuns } from "./recorded-runs.ts";
export { createRecordedRunsStore, deleteRecordedRunsOf } from "./recorded-runs.store.ts";
export { createReviews } from "./reviews.service.ts";
export { createReviewsStore, deleteReviewsOf } from "./reviews.store.ts";
export { createThemeCatalogue } from "./themes.service.ts";
export { createThemeListings } from "./themes.store.ts";
