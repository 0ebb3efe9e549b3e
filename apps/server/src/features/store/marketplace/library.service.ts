import type { LibraryAgent, LibraryBase, List, OwnItem, ProjectAgent } from "@tesslate/contract";
import { AppError, forbidden, notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { Projects } from "../../projects/projects/index.ts";
import { agentAs } from "../../agent/agents/index.ts";
import type { AcquiringStore } from "./acquiring.store.ts";
import type { AgentVersionsStore } from "./agent-versions.store.ts";
import type { AgentListings } from "./agents.store.ts";
import { presentInternals } from "./agents.present.ts";
import { picturesOf, type TemplatePicturesOf } from "./bases.present.ts";
import type { BaseListings } from "./bases.store.ts";
import { creatorOf } from "./creator.ts";
import type { LibraryBaseRow, LibraryRow, LibraryStore, OwnItemRow, ProjectAgentRow } from "./library.store.ts";

export type Library = ReturnType<typeof createLibrary>;
/** A user's library: acquired and created items, and their assignment to projects. */
export function createLibrary({
  store,
  entries,
  versions,
  agents,
  bases,
  projects,
  creatorNamed,
  templatePictures,
}: {
  store: LibraryStore;
  entries: AcquiringStore;
  versions: Pick<AgentVersionsStore, "take">;
  agents: AgentListings;
  bases: BaseListings;
  projects: Pick<Projects, "require">;
  /** Throws 404 for an unknown user. */
  creatorNamed: (username: string) => Promise<{ id: string }>;
  templatePictures: TemplatePicturesOf;
}) {
  /** Throws 404 for an item that is not in their library. */
  const requireAgent = async (userId: string, ref: string): Promise<LibraryRow> => {
    const found = await agents.find(ref, userId);
    const row = found && (await store.findAgent(userId, found.agent.id));
    if (!row) throw notFound("Agent");
    return row;
  };
  const ownItemOf = ({ template_slug, ...row }: OwnItemRow): OwnItem => ({
    ...row,
    pictures: picturesOf({ pictures: row.pictures, template_slug }, templatePictures),
  });
  return {
    /** Includes disabled ones; sub-agents are listed separately. */
    agents: async (userId: string, query: PageQuery): Promise<List<LibraryAgent>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listAgents(userId, page);
      return page.envelope(
        rows.map((row) => agentOf(userId, row)),
        total,
      );
    },
    bases: async (userId: string, query: PageQuery): Promise<List<LibraryBase>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listBases(userId, page);
      return page.envelope(
        rows.map((row) => baseOf(userId, row, templatePictures)),
        total,
      );
    },
    /** Throws 404, and `agent_not_owned` when the purchase expired or was refunded. */
    enable: async (userId: string, ref: string, isEnabled: boolean): Promise<LibraryAgent> => {
      const row = await requireAgent(userId, ref);
      await store.transaction(async (tx) => {
        await agents.lock(tx, row.agent.id);
        const entry = await entries.find(tx, "agent", userId, row.agent.id);
        if (!entry) throw notFound("Agent");
        if (isEnabled && entry.has_expired)
          throw new AppError("agent_not_owned", `${row.agent.name} has expired. Buy it again in the marketplace.`);
        await entries.change(tx, "agent", userId, row.agent.id, { is_active: isEnabled });
      });
      return agentOf(userId, await requireAgent(userId, row.agent.id));
    },
    /** From now on the latest version runs. Throws 404. */
    updateVersion: async (userId: string, ref: string): Promise<LibraryAgent> => {
      const { agent } = await requireAgent(userId, ref);
      await store.transaction(async (tx) => {
        await agents.lock(tx, agent.id);
        await versions.take(tx, userId, agent.id);
      });
      return agentOf(userId, await requireAgent(userId, agent.id));
    },
    removeAgent: async (userId: string, ref: string): Promise<void> => {
      const { agent } = await requireAgent(userId, ref);
      await store.transaction(async (tx) => {
        await agents.lock(tx, agent.id);
        if (!(await entries.change(tx, "agent", userId, agent.id, { is_active: false, isRemoved: true }))) throw notFound("Agent");
        await entries.unassign(tx, userId, agent.id);
      });
    },
    removeBase: async (userId: string, ref: string): Promise<void> => {
      const found = await bases.find(ref, userId);
      if (!found?.entry || found.entry.removed_at !== null) throw notFound("Base");
      await store.transaction(async (tx) => {
        if (!(await entries.change(tx, "base", userId, found.base.id, { is_active: false, isRemoved: true }))) throw notFound("Base");
      });
    },
    ownItems: async (userId: string, { item_type, ...query }: PageQuery & { item_type?: OwnItem["item_type"] }): Promise<List<OwnItem>> => {
      const page = pageOf(query);
      const { rows, total } = await store.listOwn(userId, item_type, page);
      return page.envelope(rows.map(ownItemOf), total);
    },

    /** Public items of a creator. */
    creatorItems: async (
      username: string,
      { item_type, ...query }: PageQuery & { item_type?: "agent" | "base" },
    ): Promise<List<OwnItem>> => {
      const { id } = await creatorNamed(username);
      const page = pageOf(query);
      const { rows, total } = await store.listOwn(id, item_type, page, { isPublic: true });
      return page.envelope(rows.map(ownItemOf), total);
    },

    projectAgents: async (userId: string, projectRef: string, query: PageQuery): Promise<List<ProjectAgent>> => {
      const project = await projects.require(userId, projectRef);
      const page = pageOf(query);
      const { rows, total } = await store.listProjectAgents(project.id, userId, page);
      return page.envelope(rows.map(projectAgentOf), total);
    },
    /** `isNew`: it was not assigned before. Throws 404 for an agent the caller cannot see, `not_in_library`. */
    addProjectAgent: async (userId: string, projectRef: string, ref: string): Promise<{ agent: ProjectAgent; isNew: boolean }> => {
      const project = await projects.require(userId, projectRef);
      const { agent, is_enabled } = await requireAgent(userId, ref);
      if (!is_enabled) throw forbidden("not_in_library", `${agent.name} is disabled in your library. Enable it first.`);
      const isNew = await store.addProjectAgent(project.id, agent.id);
      const row = await store.findProjectAgent(project.id, userId, agent.id);
      if (!row) throw notFound("Agent");
      return { agent: projectAgentOf(row), isNew };
    },
    removeProjectAgent: async (userId: string, projectRef: string, ref: string): Promise<void> => {
      const project = await projects.require(userId, projectRef);
      const found = await agents.find(ref, userId);
      if (!found || !(await store.removeProjectAgent(project.id, found.agent.id))) throw notFound("Agent");
    },
  };
}

/** Another user's closed-source agent can be run, not read. */
function agentOf(userId: string, { creator, entry, is_enabled, latest, ...row }: LibraryRow): LibraryAgent {
  const isOwn = row.agent.forked_by_user_id === userId || row.agent.created_by_user_id === userId;
  const agent = agentAs(row, isOwn);
  const version = isOwn ? null : (row.version?.number ?? null);
  return {
    version,
    update_available: version !== null && latest !== null && latest > version,
    id: agent.id,
    name: agent.name,
    slug: agent.slug,
    description: agent.description,
    category: agent.category,
    mode: agent.mode,
    agent_type: agent.agent_type,
    model: agent.model,
    selected_model: entry.selected_model,
    source_type: agent.source_type,
    is_forkable: agent.is_forkable,
    icon: agent.icon,
    avatar_url: agent.avatar_url,
    pricing_type: agent.pricing_type,
    price_cents: agent.price_cents,
    features: agent.features,
    ...presentInternals(agent, isOwn || agent.source_type === "open"),
    purchase_date: entry.created_at,
    purchase_type: entry.purchase_type,
    expires_at: entry.expires_at,
    is_custom: agent.forked_by_user_id === userId,
    parent_agent_id: agent.parent_agent_id,
    is_enabled,
    is_published: agent.is_published,
    is_admin_disabled: !agent.is_active,
    usage_count: agent.usage_count,
    ...creatorOf(creator, agent.forked_by_user_id === null),
    created_by_user_id: agent.created_by_user_id,
    forked_by_user_id: agent.forked_by_user_id,
  };
}

function baseOf(userId: string, { base, entry }: LibraryBaseRow, templatePictures: TemplatePicturesOf): LibraryBase {
  return {
    id: base.id,
    name: base.name,
    slug: base.slug,
    description: base.description,
    git_repo_url: base.git_repo_url,
    default_branch: base.default_branch,
    category: base.category,
    icon: base.icon,
    pricing_type: base.pricing_type,
    features: base.features,
    tech_stack: base.tech_stack,
    tags: base.tags,
    preview_image: base.preview_image,
    pictures: picturesOf(base, templatePictures),
    source_type: base.source_type,
    visibility: base.visibility,
    is_owner: base.created_by_user_id === userId,
    purchase_date: entry.created_at,
    purchase_type: entry.purchase_type,
  };
}

const projectAgentOf = ({ agent, is_enabled, added_at }: ProjectAgentRow): ProjectAgent => ({
  agent_id: agent.id,
  slug: agent.slug,
  name: agent.name,
  description: agent.description,
  icon: agent.icon,
  avatar_url: agent.avatar_url,
  agent_type: agent.agent_type,
  is_usable: agent.is_active && is_enabled === true,
  added_at,
});
