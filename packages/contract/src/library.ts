import { creatorFields, ItemParams, PricingType } from "./marketplace.ts";
import { route } from "./route.ts";
import {
  AverageRating,
  JsonObject,
  listOf,
  Literals,
  Nullable,
  pageQuery,
  ProjectParams,
  ProjectRef,
  Timestamp,
  Type,
  Uuid,
  type Static,
} from "./schema.ts";

const tag = "library";
const Text = Type.String();
const Count = Type.Integer();
const PurchaseType = Literals("free", "one_time", "monthly", "api");

/** marketplace-billing-admin 1.4. Prompt, tools and configuration are null for closed agents of others. */
export const LibraryAgent = Type.Object({
  id: Uuid,
  name: Text,
  slug: Text,
  description: Text,
  category: Text,
  mode: Nullable(Text),
  agent_type: Text,
  model: Nullable(Text),
  selected_model: Nullable(Text),
  source_type: Literals("open", "closed"),
  is_forkable: Type.Boolean(),
  system_prompt: Nullable(Text),
  icon: Text,
  avatar_url: Nullable(Text),
  pricing_type: PricingType,
  price_cents: Count,
  features: Type.Array(Text),
  tools: Nullable(Type.Array(Text)),
  tool_configs: Nullable(JsonObject),
  config: Nullable(JsonObject),
  purchase_date: Timestamp,
  purchase_type: PurchaseType,
  expires_at: Nullable(Timestamp),
  is_custom: Type.Boolean(),
  parent_agent_id: Nullable(Uuid),
  /** Its entry is switched on and has not run out. */
  is_enabled: Type.Boolean(),
  is_published: Type.Boolean(),
  is_admin_disabled: Type.Boolean(),
  usage_count: Count,
  ...creatorFields,
  created_by_user_id: Nullable(Uuid),
  forked_by_user_id: Nullable(Uuid),
});
export type LibraryAgent = Static<typeof LibraryAgent>;

/** marketplace-billing-admin 1.7. */
export const LibraryBase = Type.Object({
  id: Uuid,
  name: Text,
  slug: Text,
  description: Text,
  git_repo_url: Nullable(Text),
  default_branch: Text,
  category: Text,
  icon: Text,
  pricing_type: Literals("free", "one_time", "monthly"),
  features: Type.Array(Text),
  tech_stack: Type.Array(Text),
  tags: Type.Array(Text),
  preview_image: Nullable(Text),
  source_type: Literals("git", "archive"),
  visibility: Literals("private", "public"),
  is_owner: Type.Boolean(),
  purchase_date: Timestamp,
  purchase_type: PurchaseType,
});
export type LibraryBase = Static<typeof LibraryBase>;

/** Something the caller made and others may see, or only they. */
export const OwnItem = Type.Object({
  id: Text,
  item_type: Literals("agent", "base", "theme"),
  name: Text,
  slug: Text,
  description: Text,
  icon: Text,
  category: Text,
  /** Of a base: public. Themes of one's own are seen by nobody else. */
  is_published: Type.Boolean(),
  is_admin_disabled: Type.Boolean(),
  pricing_type: PricingType,
  price_cents: Count,
  downloads: Count,
  rating: AverageRating,
  reviews_count: Count,
  created_at: Timestamp,
  updated_at: Timestamp,
});
export type OwnItem = Static<typeof OwnItem>;

/** An agent that was put to a project. */
export const ProjectAgent = Type.Object({
  agent_id: Uuid,
  slug: Text,
  name: Text,
  description: Text,
  icon: Text,
  avatar_url: Nullable(Text),
  agent_type: Text,
  /** False: switched off, run out or taken back since. */
  is_usable: Type.Boolean(),
  added_at: Timestamp,
});
export type ProjectAgent = Static<typeof ProjectAgent>;

/** marketplace-billing-admin 4 and 13. */
export const libraryRoutes = {
  agents: route({
    method: "GET",
    path: "/api/marketplace/library/agents",
    tag,
    summary: "The caller's agents, the newest first",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(LibraryAgent),
  }),
  bases: route({
    method: "GET",
    path: "/api/marketplace/library/bases",
    tag,
    summary: "The caller's bases, the newest first",
    auth: "user",
    query: Type.Object(pageQuery),
    response: listOf(LibraryBase),
  }),
  updateAgent: route({
    method: "PATCH",
    path: "/api/marketplace/library/agents/{id}",
    tag,
    summary: "Switch an agent of the library on or off",
    auth: "user",
    params: ItemParams,
    body: Type.Object({ is_enabled: Type.Boolean() }),
    response: LibraryAgent,
    errors: ["not_found", "agent_not_owned"],
  }),
  removeAgent: route({
    method: "DELETE",
    path: "/api/marketplace/library/agents/{id}",
    tag,
    summary: "Take an agent out of the library and away from one's projects; what was paid for can be taken back in",
    auth: "user",
    status: 204,
    params: ItemParams,
    errors: ["not_found"],
  }),
  removeBase: route({
    method: "DELETE",
    path: "/api/marketplace/library/bases/{id}",
    tag,
    summary: "Take a base out of the library; what was paid for can be taken back in",
    auth: "user",
    status: 204,
    params: ItemParams,
    errors: ["not_found"],
  }),
  ownItems: route({
    method: "GET",
    path: "/api/marketplace/my-items",
    tag,
    summary: "What the caller made: agents, bases and themes, the latest change first",
    auth: "user",
    query: Type.Object({ ...pageQuery, item_type: Type.Optional(Literals("agent", "base", "theme")) }),
    response: listOf(OwnItem),
  }),
  creatorItems: route({
    method: "GET",
    path: "/api/creators/{username}/items",
    tag: "creators",
    summary: "What a person offers in the marketplace, the most used first",
    auth: "none",
    params: Type.Object({ username: Type.String({ minLength: 1, maxLength: 50 }) }),
    query: Type.Object({ ...pageQuery, item_type: Type.Optional(Literals("agent", "base")) }),
    response: listOf(OwnItem),
    errors: ["not_found"],
  }),
  projectAgents: route({
    method: "GET",
    path: "/api/projects/{id}/agents",
    tag,
    summary: "The agents of a project, the first added first",
    auth: "user",
    params: ProjectParams,
    query: Type.Object(pageQuery),
    response: listOf(ProjectAgent),
    errors: ["not_found"],
  }),
  addProjectAgent: route({
    method: "PUT",
    path: "/api/projects/{id}/agents/{agent_id}",
    tag,
    summary: "Put an agent of the library to a project",
    auth: "user",
    status: [201, 200],
    params: Type.Object({ id: ProjectRef, agent_id: Type.String({ minLength: 1, maxLength: 120, description: "UUID or slug" }) }),
    response: ProjectAgent,
    errors: ["not_found", "not_in_library"],
  }),
  removeProjectAgent: route({
    method: "DELETE",
    path: "/api/projects/{id}/agents/{agent_id}",
    tag,
    summary: "Take an agent away from a project",
    auth: "user",
    status: 204,
    params: Type.Object({ id: ProjectRef, agent_id: Type.String({ minLength: 1, maxLength: 120, description: "UUID or slug" }) }),
    errors: ["not_found"],
  }),
};
