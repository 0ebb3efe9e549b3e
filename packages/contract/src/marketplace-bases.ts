import {
  BasePictures,
  browseFilter,
  browsePage,
  Category,
  creatorFields,
  Icon,
  ItemParams,
  MarketplaceFacets,
  Names,
  PictureUrl,
  PurchaseBody,
  purchaseFields,
  RelatedQuery,
  Review,
  ShortReview,
  SlugParams,
  nonBlank,
  WriteReview,
  WrittenReview,
} from "./marketplace.ts";
import { route } from "./route.ts";
import { described, AverageRating, listOf, Literals, Maybe, Nullable, pageQuery, Timestamp, Type, Uuid, type Static } from "./schema.ts";

const tag = "marketplace-bases";
const BasePricing = Literals("free", "one_time", "monthly");
const Visibility = Literals("private", "public");

const sharedFields = {
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
  pictures: BasePictures,
  pricing_type: BasePricing,
  price_cents: Type.Integer(),
  downloads: Type.Integer({ description: "Number of libraries it was added to" }),
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
export const BaseCard = described("A project template in the store.", Type.Object(sharedFields));
export type BaseCard = Static<typeof BaseCard>;
export const BaseDetail = Type.Object({
  ...sharedFields,
  archive_size_bytes: Nullable(Type.Integer()),
  template_slug: described("The bundled template that it is; it needs no network", Nullable(Type.String())),
  is_owner: Type.Boolean(),
  in_library: Type.Boolean(),
  reviews: Type.Array(ShortReview, { description: "The newest five" }),
});
export type BaseDetail = Static<typeof BaseDetail>;

export const BaseVersion = Type.Object({
  tag: Type.String({ description: "Value for `base_version` of `POST /api/projects`" }),
  sha: Type.String({ description: "Short commit id of seven characters" }),
  date: Nullable(Timestamp),
  url: Type.String(),
});
export type BaseVersion = Static<typeof BaseVersion>;

const describingFields = {
  long_description: Maybe(Type.String({ maxLength: 20_000 })),
  icon: Type.Optional(Icon),
  tags: Type.Optional(Names),
  features: Type.Optional(Names),
  tech_stack: Type.Optional(Names),
  preview_image: Maybe(PictureUrl),
  visibility: Type.Optional(Visibility),
};
export const SubmitBase = described(
  "A repository, or one of your projects, whose files are copied as they are now.",
  Type.Object({
    name: nonBlank(100),
    description: nonBlank(500),
    git_repo_url: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
    project_id: Type.Optional(Type.String({ minLength: 1, maxLength: 80, description: "UUID or slug of your project" })),
    category: Category,
    default_branch: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    ...describingFields,
  }),
);
export type SubmitBase = Static<typeof SubmitBase>;
export const UpdateBase = Type.Object({
  name: Type.Optional(nonBlank(100)),
  description: Type.Optional(nonBlank(500)),
  git_repo_url: Type.Optional(Type.String({ minLength: 1, maxLength: 500 })),
  category: Type.Optional(Category),
  default_branch: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  ...describingFields,
});
export type UpdateBase = Static<typeof UpdateBase>;

export const WorkflowTemplate = described(
  "A set of bases and services to start a canvas with.",
  Type.Object({
    slug: Type.String(),
    name: Type.String(),
    description: Type.String(),
    category: Type.String(),
    icon: Type.String(),
    required_services: described("External services that need an account", Type.Array(Type.String())),
    nodes: Type.Array(
      Type.Object({
        template_id: Type.String({ description: "Referenced by the edges" }),
        type: Literals("base", "service"),
        base_slug: Nullable(Type.String()),
        service_slug: Nullable(Type.String()),
        name: Type.String(),
        position: Type.Object({ x: Type.Number(), y: Type.Number() }),
      }),
    ),
    edges: described(
      "The source provides, the target consumes",
      Type.Array(
        Type.Object({
          source: Type.String(),
          target: Type.String(),
          connector_type: Literals("env_injection", "http_api", "database", "cache"),
          config: Type.Object({
            env_mapping: Type.Record(Type.String(), Type.String(), { description: "Variable of the target: variable of the source" }),
          }),
        }),
      ),
    ),
  }),
);
export type WorkflowTemplate = Static<typeof WorkflowTemplate>;

/** A page of templates, with the numbers for the filters. */
export const BaseCatalog = Type.Object({ ...listOf(BaseCard).properties, facets: MarketplaceFacets });
const browse = {
  method: "GET",
  tag,
  auth: "optional",
  query: Type.Object({
    ...browsePage,
    ...browseFilter,
    pricing_type: Type.Optional(BasePricing),
    tech: Type.Optional(Type.String({ maxLength: 100, description: "Filter by technology" })),
  }),
  response: BaseCatalog,
  errors: ["rate_limited"],
} as const;

export const marketplaceBasesRoutes = {
  workflows: route({
    method: "GET",
    path: "/api/marketplace/workflows",
    tag,
    summary: "List workflow templates",
    description: "Sets of bases and services to start a project's canvas with.",
    auth: "optional",
    query: Type.Object(pageQuery),
    response: listOf(WorkflowTemplate),
    errors: ["rate_limited"],
  }),
  list: route({
    ...browse,
    path: "/api/marketplace/bases",
    summary: "Browse project templates",
    description: "Public templates of the store with filters and sorting; 12 on a page by default.",
  }),
  browse: route({
    ...browse,
    path: "/api/marketplace/bases/browse",
    summary: "Browse project templates (alias)",
    description: "Same as `GET /api/marketplace/bases`.",
  }),
  get: route({
    method: "GET",
    path: "/api/marketplace/bases/{slug}",
    tag,
    summary: "Get project template",
    description: "One template by slug or id, with its newest reviews.",
    auth: "optional",
    params: SlugParams,
    response: BaseDetail,
    errors: ["not_found", "rate_limited"],
  }),
  versions: route({
    method: "GET",
    path: "/api/marketplace/bases/{slug}/versions",
    tag,
    summary: "List template versions",
    description:
      "The latest five tags of the template's repository, newest first. If the host does not respond, `status` reports it and the last known tags are returned.",
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
    summary: "Submit project template",
    description: "Submits a repository, or one of your projects with its files as they are now.",
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
    summary: "Update project template",
    description: "Updates your template. Its slug does not change.",
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
    summary: "Delete project template",
    description: "Deletes your template with its archive. Projects made from it stay.",
    auth: "user",
    status: 204,
    params: ItemParams,
    errors: ["not_found", "forbidden"],
  }),
  purchase: route({
    method: "POST",
    path: "/api/marketplace/bases/{id}/purchase",
    tag,
    summary: "Add template to library",
    description: "Adds a free template to your library, or returns a Stripe checkout page for a paid one.",
    auth: "user",
    keys: false,
    params: ItemParams,
    body: PurchaseBody,
    bodyOptional: true,
    response: Type.Object({ base_id: Uuid, ...purchaseFields }),
    errors: ["not_found", "payments_not_configured", "stripe_error", "rate_limited"],
  }),
  related: route({
    method: "GET",
    path: "/api/marketplace/bases/{id}/related",
    tag,
    summary: "List related templates",
    description: "Templates that people with this one also have, or else the most used of its category.",
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
    summary: "List template reviews",
    description: "Reviews of a template, newest first.",
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
    summary: "Review template",
    description: "Rates a template of your library; a second review replaces the first. You cannot review your own templates.",
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
    summary: "Delete template review",
    description: "Deletes your review of a template.",
    auth: "user",
    status: 204,
    params: ItemParams,
    errors: ["not_found"],
  }),
};
