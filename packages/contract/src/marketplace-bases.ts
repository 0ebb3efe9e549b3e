import {
  browseFilter,
  browsePage,
  creatorFields,
  Icon,
  ItemParams,
  MarketplaceFacets,
  Names,
  Picture,
  PurchaseBody,
  purchaseAnswer,
  RelatedQuery,
  Review,
  ShortReview,
  SlugParams,
  words,
  WriteReview,
  WrittenReview,
} from "./marketplace.ts";
import { route } from "./route.ts";
import { AverageRating, listOf, Literals, Maybe, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";

const tag = "marketplace";
export const baseCategories = [
  "fullstack",
  "frontend",
  "backend",
  "mobile",
  "data",
  "devops",
  "saas",
  "landing",
  "ai",
  "admin",
  "cli",
] as const;
const BaseCategory = Literals(...baseCategories);
const BasePricing = Literals("free", "one_time", "monthly");
const Visibility = Literals("private", "public");

const shown = {
  id: Uuid,
  name: Type.String(),
  slug: Type.String(),
  description: Type.String(),
  long_description: Nullable(Type.String()),
  git_repo_url: Nullable(Type.String()),
  default_branch: Type.String(),
  category: Type.String(),
  icon: Type.String(),
  preview_image: Nullable(Type.String()),
  pricing_type: BasePricing,
  price_cents: Type.Integer(),
  downloads: Type.Integer({ description: "People who have taken it into their library" }),
  rating: AverageRating,
  reviews_count: Type.Integer(),
  features: Type.Array(Type.String()),
  tech_stack: Type.Array(Type.String()),
  tags: Type.Array(Type.String()),
  is_featured: Type.Boolean(),
  is_active: Type.Boolean(),
  is_purchased: Type.Boolean(),
  source_type: Literals("git", "archive"),
  is_forkable: Type.Boolean({ description: "Always false" }),
  usage_count: Type.Integer({ description: "As `downloads`" }),
  ...creatorFields,
  created_by_user_id: Nullable(Uuid),
  visibility: Visibility,
  created_at: Timestamp,
  updated_at: Timestamp,
};
/** marketplace-billing-admin 1.7. */
export const BaseCard = Type.Object(shown);
export type BaseCard = Static<typeof BaseCard>;
export const BaseDetail = Type.Object({
  ...shown,
  archive_size_bytes: Nullable(Type.Integer()),
  /** The bundled template that it is; it needs no network. */
  template_slug: Nullable(Type.String()),
  is_owner: Type.Boolean(),
  in_library: Type.Boolean(),
  reviews: Type.Array(ShortReview, { description: "The newest five" }),
});
export type BaseDetail = Static<typeof BaseDetail>;

export const BaseVersion = Type.Object({
  tag: Type.String({ description: "What project creation takes as `base_version`" }),
  sha: Type.String({ description: "Seven characters" }),
  date: Nullable(Timestamp),
  url: Type.String(),
});
export type BaseVersion = Static<typeof BaseVersion>;

const about = {
  long_description: Maybe(Type.String({ maxLength: 20_000 })),
  icon: Type.Optional(Icon),
  tags: Type.Optional(Names),
  features: Type.Optional(Names),
  tech_stack: Type.Optional(Names),
  preview_image: Maybe(Picture),
  visibility: Type.Optional(Visibility),
};
/** marketplace-billing-admin 3.5: a repository, or instead of it a project of one's own, whose files are kept as they are now. */
export const SubmitBase = Type.Object({
  name: words(100),
  description: words(500),
  git_repo_url: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  project_id: Type.Optional(Type.String({ minLength: 1, maxLength: 80, description: "UUID or slug of a project of one's own" })),
  category: BaseCategory,
  default_branch: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  ...about,
});
export type SubmitBase = Static<typeof SubmitBase>;
export const UpdateBase = Type.Object({
  name: Type.Optional(words(100)),
  description: Type.Optional(words(500)),
  git_repo_url: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  category: Type.Optional(BaseCategory),
  default_branch: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  ...about,
});
export type UpdateBase = Static<typeof UpdateBase>;

/** A small arrangement of bases and services for the canvas (marketplace-billing-admin 11.5). */
export const WorkflowTemplate = Type.Object({
  slug: Type.String(),
  name: Type.String(),
  description: Type.String(),
  category: Type.String(),
  icon: Type.String(),
  /** Services of others that one needs an account of. */
  required_services: Type.Array(Type.String()),
  nodes: Type.Array(
    Type.Object({
      template_id: Type.String({ description: "What the edges call it" }),
      type: Literals("base", "service"),
      base_slug: Nullable(Type.String()),
      service_slug: Nullable(Type.String()),
      name: Type.String(),
      position: Type.Object({ x: Type.Number(), y: Type.Number() }),
    }),
  ),
  /** The source provides, the target consumes. */
  edges: Type.Array(
    Type.Object({
      source: Type.String(),
      target: Type.String(),
      connector_type: Literals("env_injection", "http_api", "database", "cache"),
      config: Type.Object({
        env_mapping: Type.Record(Type.String(), Type.String(), { description: "Variable of the target: variable of the source" }),
      }),
    }),
  ),
});
export type WorkflowTemplate = Static<typeof WorkflowTemplate>;

const browse = {
  method: "GET",
  tag,
  auth: "optional",
  query: Type.Object({
    ...browsePage,
    ...browseFilter,
    pricing_type: Type.Optional(BasePricing),
    tech: Type.Optional(Type.String({ maxLength: 100, description: "One of its tech stack" })),
  }),
  response: Type.Object({ ...listOf(BaseCard).properties, facets: MarketplaceFacets }),
  errors: ["rate_limited"],
} as const;

/** marketplace-billing-admin 3 and 13. */
export const marketplaceBasesRoutes = {
  workflows: route({
    method: "GET",
    path: "/api/marketplace/workflows",
    tag,
    summary:
      "Arrangements of bases and services to begin a project's canvas with; the services themselves: `GET /api/marketplace/services`",
    auth: "optional",
    query: Type.Object(pageQuery),
    response: listOf(WorkflowTemplate),
    errors: ["rate_limited"],
  }),
  list: route({ ...browse, path: "/api/marketplace/bases", summary: "Browse project templates" }),
  browse: route({ ...browse, path: "/api/marketplace/bases/browse", summary: "Browse project templates, by the longer name" }),
  get: route({
    method: "GET",
    path: "/api/marketplace/bases/{slug}",
    tag,
    summary: "One base",
    auth: "optional",
    params: SlugParams,
    response: BaseDetail,
    errors: ["not_found", "rate_limited"],
  }),
  versions: route({
    method: "GET",
    path: "/api/marketplace/bases/{slug}/versions",
    tag,
    summary: "Its latest five tags, the newest first",
    auth: "optional",
    params: SlugParams,
    query: Type.Object(pageQuery),
    response: Type.Object({
      ...listOf(BaseVersion).properties,
      status: {
        ...Literals("current", "outdated", "unavailable"),
        description:
          "`outdated`: the host did not answer, these are its last known tags; `unavailable`: it did not answer and none are known",
      },
      default_branch: Type.String(),
      git_repo_url: Nullable(Type.String()),
    }),
    errors: ["not_found", "rate_limited"],
  }),
  create: route({
    method: "POST",
    path: "/api/marketplace/bases",
    tag,
    summary: "Submit a repository, or a project of one's own, as a base",
    auth: "user",
    status: 201,
    body: SubmitBase,
    response: BaseDetail,
    errors: [
      "not_found",
      "base_rejected",
      "outbound_refused",
      "payload_too_large",
      "storage_full",
      "project_busy",
      "conflict",
      "rate_limited",
    ],
  }),
  update: route({
    method: "PATCH",
    path: "/api/marketplace/bases/{id}",
    tag,
    summary: "Change a base of one's own; its slug stays",
    auth: "user",
    params: ItemParams,
    body: UpdateBase,
    response: BaseDetail,
    errors: ["not_found", "forbidden", "outbound_refused", "rate_limited"],
  }),
  remove: route({
    method: "DELETE",
    path: "/api/marketplace/bases/{id}",
    tag,
    summary: "Take a base of one's own away, with its archive",
    auth: "user",
    status: 204,
    params: ItemParams,
    errors: ["not_found", "forbidden"],
  }),
  purchase: route({
    method: "POST",
    path: "/api/marketplace/bases/{id}/purchase",
    tag,
    summary: "Take a base into the library, or begin to pay for it",
    auth: "user",
    keys: false,
    params: ItemParams,
    body: PurchaseBody,
    bodyOptional: true,
    response: Type.Object({ base_id: Uuid, ...purchaseAnswer }),
    errors: ["not_found", "payments_not_configured", "stripe_error", "rate_limited"],
  }),
  related: route({
    method: "GET",
    path: "/api/marketplace/bases/{id}/related",
    tag,
    summary: "What people who have this base have too; else the most used of its category",
    auth: "optional",
    params: ItemParams,
    query: RelatedQuery,
    response: listOf(BaseCard),
    errors: ["not_found", "rate_limited"],
  }),
  reviews: route({
    method: "GET",
    path: "/api/marketplace/bases/{id}/reviews",
    tag,
    summary: "What people say of a base, the newest first",
    auth: "optional",
    params: ItemParams,
    query: Type.Object(pageQuery),
    response: listOf(Review),
    errors: ["not_found", "rate_limited"],
  }),
  review: route({
    method: "POST",
    path: "/api/marketplace/bases/{id}/reviews",
    tag,
    summary: "Say what one thinks of a base in one's library; a second time replaces the first",
    auth: "user",
    status: [201, 200],
    params: ItemParams,
    body: WriteReview,
    response: WrittenReview,
    errors: ["not_found", "not_in_library", "own_item", "rate_limited"],
  }),
  removeReview: route({
    method: "DELETE",
    path: "/api/marketplace/bases/{id}/reviews",
    tag,
    summary: "Take one's review back",
    auth: "user",
    status: 204,
    params: ItemParams,
    errors: ["not_found"],
  }),
};
