import {
  adminCollectionsRoutes,
  adminMarketplaceRoutes,
  agentDraftsRoutes,
  libraryRoutes,
  marketplaceAgentsRoutes,
  marketplaceBasesRoutes,
  marketplaceCollectionsRoutes,
  marketplaceItemsRoutes,
  marketplacePicturesRoutes,
  marketplaceThemesRoutes,
  maxStorePictureBytes,
  recordedRunsRoutes,
} from "@tesslate/contract";
import type { Context } from "../../../http/context.ts";
import type { Mount } from "../../../http/mount.ts";
import { readUpload, uploadedFiles } from "../../../http/uploads.ts";
import { pageOf } from "../../../platform/pagination.ts";
import { actorOf } from "../../accounts/audit/index.ts";
import type { Acquiring } from "./acquiring.ts";
import type { AgentDrafts } from "./agent-drafts.service.ts";
import type { AgentAuthoring } from "./agents.authoring.ts";
import type { AgentCatalogue } from "./agents.service.ts";
import type { BaseAuthoring } from "./bases.authoring.ts";
import type { BaseCatalogue } from "./bases.service.ts";
import { workflows } from "./catalogue/workflows.ts";
import type { BaseVersions } from "./bases.versions.ts";
import type { Collections, StoreCategories } from "./collections.ts";
import type { ItemPictures } from "./item-pictures.ts";
import type { ItemCatalogue } from "./items.service.ts";
import type { Library } from "./library.service.ts";
import type { MarketplaceLimits } from "./limits.ts";
import type { Moderation } from "./moderation.ts";
import type { RecordedRuns } from "./recorded-runs.ts";
import type { Reviews } from "./reviews.service.ts";
import type { ThemeCatalogue } from "./themes.service.ts";

/** Origin that the checkout returns to. */
export type ReturnTo = (headers: Context["headers"], returnUrl: string | null | undefined) => { origin: string };

export function mountModeration(mount: Mount, { moderation }: { moderation: Moderation }): void {
  mount("adminMarketplace", adminMarketplaceRoutes, {
    bases: (_, { query }) => moderation.bases(query),
    updateBase: (context, { params, body }) => moderation.updateBase(actorOf(context), params.id, body),
    themes: (_, { query }) => moderation.themes(query),
    updateTheme: (context, { params, body }) => moderation.updateTheme(actorOf(context), params.id, body),
    reviews: (_, { query }) => moderation.reviews(query),
    removeReview: (context, { params, body }) => moderation.removeReview(actorOf(context), params.review_id, body.reason),
  });
}

export function mountAgentDrafts(mount: Mount, { drafts }: { drafts: AgentDrafts }): void {
  mount("agentDrafts", agentDraftsRoutes, {
    get: ({ user }, { params }) => drafts.get(user, params.ref),
    save: ({ user }, { params, body }) => drafts.save(user, params.ref, body.draft),
  });
}

export function mountRecordedRuns(mount: Mount, { recordedRuns }: { recordedRuns: RecordedRuns }): void {
  mount("recordedRuns", recordedRunsRoutes, {
    get: ({ user, ip }, { params }) => recordedRuns.get(user, ip, params.id),
    set: ({ user }, { params, body }) => recordedRuns.set(user, params.id, body.task_id),
    remove: ({ user }, { params }) => recordedRuns.remove(user, params.id),
    candidates: ({ user }, { params }) => recordedRuns.candidates(user, params.id),
  });
}

export function mountMarketplaceAgents(
  mount: Mount,
  {
    catalogue,
    authoring,
    acquiring,
    reviews,
    returnTo,
  }: { catalogue: AgentCatalogue; authoring: AgentAuthoring; acquiring: Acquiring; reviews: Reviews; returnTo: ReturnTo },
): void {
  mount("marketplaceAgents", marketplaceAgentsRoutes, {
    list: ({ user, ip }, { query }) => catalogue.browse(user, ip, query),
    get: ({ user, ip }, { params }) => catalogue.get(user, ip, params.slug),
    create: ({ user }, { body }) => authoring.create(user, body),
    update: ({ user }, { params, body }) => authoring.update(user, params.id, body),
    versions: ({ user, ip }, { params, query }) => catalogue.versions(user, ip, params.id, query),
    publishVersion: ({ user }, { params, body }) => authoring.publishVersion(user, params.id, body.notes ?? ""),
    remove: ({ user }, { params }) => authoring.remove(user, params.id),
    purchase: ({ user, headers }, { params, body }) => acquiring.agent(user, params.id, returnTo(headers, body.return_url)),
    fork: ({ user }, { params, body }) => authoring.fork(user, params.id, body),
    related: ({ user, ip }, { params, query }) => catalogue.related(user, ip, params.id, query.limit),
    reviews: ({ user, ip }, { params, query }) => reviews.list("agent", user, ip, params.id, query),
    review: async ({ user, status }, { params, body }) => {
      const { review, isNew } = await reviews.write("agent", user, params.id, body);
      status(isNew ? 201 : 200);
      return review;
    },
    removeReview: ({ user }, { params }) => reviews.remove("agent", user, params.id),
  });
}

export function mountMarketplaceBases(
  mount: Mount,
  {
    catalogue,
    authoring,
    acquiring,
    reviews,
    versions,
    limits,
    returnTo,
  }: {
    catalogue: BaseCatalogue;
    authoring: BaseAuthoring;
    acquiring: Acquiring;
    reviews: Reviews;
    versions: BaseVersions;
    limits: MarketplaceLimits;
    returnTo: ReturnTo;
  },
): void {
  mount("marketplaceBases", marketplaceBasesRoutes, {
    workflows: async ({ ip }, { query }) => {
      await limits.browse(ip);
      const page = pageOf(query);
      return page.envelope(workflows.slice(page.offset, page.offset + page.limit), workflows.length);
    },
    list: ({ user, ip }, { query }) => catalogue.browse(user, ip, query),
    browse: ({ user, ip }, { query }) => catalogue.browse(user, ip, query),
    get: ({ user, ip }, { params }) => catalogue.get(user, ip, params.slug),
    versions: async ({ user, ip }, { params, query }) => {
      await limits.versions(ip);
      const { base } = await catalogue.require(user, params.slug);
      const { versions: found, status } =
        base.git_repo_url === null ? { versions: [], status: "current" as const } : await versions.of(base.git_repo_url);
      const page = pageOf(query);
      return {
        ...page.envelope(found.slice(page.offset, page.offset + page.limit), found.length),
        status,
        default_branch: base.default_branch,
        git_repo_url: base.git_repo_url,
      };
    },
    create: ({ user }, { body }) => authoring.submit(user, body),
    update: ({ user }, { params, body }) => authoring.update(user, params.id, body),
    remove: ({ user }, { params }) => authoring.remove(user, params.id),
    purchase: ({ user, headers }, { params, body }) => acquiring.base(user, params.id, returnTo(headers, body.return_url)),
    related: ({ user, ip }, { params, query }) => catalogue.related(user, ip, params.id, query.limit),
    reviews: ({ user, ip }, { params, query }) => reviews.list("base", user, ip, params.id, query),
    review: async ({ user, status }, { params, body }) => {
      const { review, isNew } = await reviews.write("base", user, params.id, body);
      status(isNew ? 201 : 200);
      return review;
    },
    removeReview: ({ user }, { params }) => reviews.remove("base", user, params.id),
  });
}

export function mountLibrary(mount: Mount, { library }: { library: Library }): void {
  mount("library", libraryRoutes, {
    agents: ({ user }, { query }) => library.agents(user.id, query),
    bases: ({ user }, { query }) => library.bases(user.id, query),
    updateAgent: ({ user }, { params, body }) => library.enable(user.id, params.id, body.is_enabled),
    updateVersion: ({ user }, { params }) => library.updateVersion(user.id, params.id),
    removeAgent: ({ user }, { params }) => library.removeAgent(user.id, params.id),
    removeBase: ({ user }, { params }) => library.removeBase(user.id, params.id),
    ownItems: ({ user }, { query }) => library.ownItems(user.id, query),
    creatorItems: (_, { params, query }) => library.creatorItems(params.username, query),
    projectAgents: ({ user }, { params, query }) => library.projectAgents(user.id, params.id, query),
    addProjectAgent: async ({ user, status }, { params }) => {
      const { agent, isNew } = await library.addProjectAgent(user.id, params.id, params.agent_id);
      status(isNew ? 201 : 200);
      return agent;
    },
    removeProjectAgent: ({ user }, { params }) => library.removeProjectAgent(user.id, params.id, params.agent_id),
  });
}

export function mountThemeCatalogue(mount: Mount, { catalogue }: { catalogue: ThemeCatalogue }): void {
  mount("marketplaceThemes", marketplaceThemesRoutes, {
    get: ({ user, ip }, { params }) => catalogue.get(user, ip, params.id),
    library: ({ user }, { query }) => catalogue.library(user.id, query),
    add: async ({ user, status }, { params }) => {
      const { theme, isNew } = await catalogue.add(user, params.id);
      status(isNew ? 201 : 200);
      return theme;
    },
    remove: ({ user }, { params }) => catalogue.remove(user.id, params.id),
  });
}

export function mountItemPictures(mount: Mount, { pictures }: { pictures: ItemPictures }): void {
  const reader = (request: Parameters<typeof uploadedFiles>[0]) => () =>
    readUpload(uploadedFiles(request), maxStorePictureBytes, "An image");
  mount("marketplacePictures", marketplacePicturesRoutes, {
    setIcon: ({ user }, { params }, { request }) => pictures.setIcon(user, params.id, reader(request)),
    removeIcon: ({ user }, { params }) => pictures.removeIcon(user, params.id),
    addScreenshot: ({ user }, { params }, { request }) => pictures.addScreenshot(user, params.id, reader(request)),
    removeScreenshot: ({ user }, { params }) => pictures.removeScreenshot(user, params.id, params.picture_id),
    setBasePicture: ({ user }, { params }, { request }) => pictures.setBasePicture(user, params.id, reader(request)),
    removeBasePicture: ({ user }, { params }) => pictures.removeBasePicture(user, params.id),
    get: async (context, { params }, { reply }) => {
      const webp = await pictures.read(params.id, params.version);
      context.setHeader("cache-control", "public, max-age=31536000, immutable");
      // Uploads are untrusted, so they are served as images only.
      context.setHeader("content-security-policy", "default-src 'none'; sandbox");
      context.setHeader("x-content-type-options", "nosniff");
      context.setHeader("content-disposition", 'inline; filename="picture.webp"');
      return reply.type("image/webp").send(webp);
    },
  });
}

export function mountItems(
  mount: Mount,
  {
    catalogue,
    reviews,
    categories,
    collections,
  }: { catalogue: ItemCatalogue; reviews: Reviews; categories: StoreCategories; collections: Collections },
): void {
  mount("marketplaceItems", marketplaceItemsRoutes, {
    list: ({ user, ip }, { query }) => catalogue.browse(user, ip, query),
    creatorReviews: ({ user, ip }, { params, query }) => reviews.received(user, ip, params.username, query),
  });
  mount("marketplaceCollections", marketplaceCollectionsRoutes, {
    categories: (_, { query }) => categories.list(query),
    list: ({ user, ip }, { query }) => collections.published(user, ip, query),
  });
  mount("adminCollections", adminCollectionsRoutes, {
    categories: (_, { query }) => collections.categories(query),
    createCategory: (context, { body }) => collections.createCategory(actorOf(context), body),
    orderCategories: (context, { body }) => collections.orderCategories(actorOf(context), body.order),
    updateCategory: (context, { params, body }) => collections.updateCategory(actorOf(context), params.slug, body),
    collections: ({ user }, { query }) => collections.collections(user, query),
    createCollection: (context, { body }) => collections.createCollection(actorOf(context), context.user, body),
    orderCollections: (context, { body }) => collections.orderCollections(actorOf(context), context.user, body.order),
    updateCollection: (context, { params, body }) =>
      collections.updateCollection(actorOf(context), context.user, params.collection_id, body),
    removeCollection: (context, { params, body }) => collections.removeCollection(actorOf(context), params.collection_id, body.reason),
  });
}
