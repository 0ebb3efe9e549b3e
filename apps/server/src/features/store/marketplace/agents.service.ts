import type { AgentCard, AgentDetail, List, MarketplaceFacets } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { AgentRow } from "../../agent/agents/index.ts";
import type { AgentFilter, AgentShelf, DetailRow } from "./agents.store.ts";
import { cardOf, detailOf, isOwnerOf } from "./agents.present.ts";
import { facetsOf } from "./facets.ts";
import type { MarketplaceLimits } from "./limits.ts";
import type { ReviewsStore } from "./reviews.store.ts";
import { newestOf } from "./reviews.service.ts";
import type { Viewer } from "./viewer.ts";

const browseLimit = 12;

/** marketplace-billing-admin 2, rule V: who may know of an agent. What an administrator switched off is there for its owner and for administrators alone. */
export function isVisible({ agent, entry }: Pick<DetailRow, "agent" | "entry">, viewer: Viewer): boolean {
  if (isOwnerOf(viewer, agent) || viewer?.is_superuser) return true;
  return agent.is_active && (agent.forked_by_user_id === null || agent.is_published || entry !== null);
}

export type AgentCatalogue = ReturnType<typeof createAgentCatalogue>;
/** The agents of the marketplace, to look at (marketplace-billing-admin 2.1, 2.2, 13). */
export function createAgentCatalogue({ shelf, reviews, limits }: { shelf: AgentShelf; reviews: ReviewsStore; limits: MarketplaceLimits }) {
  const require = async (viewer: Viewer, ref: string, q?: Queries): Promise<DetailRow> => {
    const row = await shelf.find(ref, viewer?.id, q);
    if (!row || !isVisible(row, viewer)) throw notFound("Agent");
    return row;
  };
  return {
    /** By UUID or slug; throws 404 for what the viewer may not know of. */
    require,
    browse: async (
      viewer: Viewer,
      ip: string,
      query: PageQuery & AgentFilter,
    ): Promise<List<AgentCard> & { facets: MarketplaceFacets }> => {
      await limits.browse(ip);
      const page = pageOf({ ...query, limit: query.limit ?? browseLimit });
      const { rows, cells } = await shelf.browse(query, page, viewer?.id);
      const { total, facets } = facetsOf(cells, query);
      return { ...page.envelope(rows.map(cardOf), total), facets };
    },
    get: async (viewer: Viewer, ip: string, ref: string): Promise<AgentDetail> => {
      await limits.browse(ip);
      const row = await require(viewer, ref);
      return detailOf(row, viewer, newestOf(await reviews.list("agent", row.agent.id, { limit: 5, offset: 0 })));
    },
    /** The same without counting: what somebody just changed. */
    detail: async (viewer: NonNullable<Viewer>, id: string): Promise<AgentDetail> => {
      const row = await require(viewer, id);
      return detailOf(row, viewer, newestOf(await reviews.list("agent", row.agent.id, { limit: 5, offset: 0 })));
    },
    related: async (viewer: Viewer, ip: string, ref: string, limit = 6): Promise<List<AgentCard>> => {
      await limits.browse(ip);
      const { agent } = await require(viewer, ref);
      const items = (await shelf.related(agent, viewer?.id, limit)).map(cardOf);
      return { items, total: items.length, page: 1, total_pages: items.length === 0 ? 0 : 1 };
    },
    /** For reviews: held until the transaction ends. */
    lock: async (tx: Queries, viewer: Viewer, ref: string): Promise<{ agent: AgentRow; isOwn: boolean }> => {
      const locked = await shelf.lock(tx, ref);
      if (!locked) throw notFound("Agent");
      const row = await require(viewer, locked.id, tx);
      return { agent: row.agent, isOwn: isOwnerOf(viewer, row.agent) };
    },
  };
}
