import type { AgentCard, AgentDetail, AgentVersion, List, MarketplaceFacets } from "@tesslate/contract";
import type { Queries } from "../../../platform/database.ts";
import { notFound } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { AgentRow } from "../../agent/agents/index.ts";
import type { AgentFilter, AgentListings, DetailRow } from "./agents.store.ts";
import { cardOf, detailOf, isOwnerOf, presentVersion } from "./agents.present.ts";
import { facetsOf, filtersOf } from "./facets.ts";
import type { AgentVersionsStore } from "./agent-versions.store.ts";
import type { ItemPicturesStore } from "./item-pictures.store.ts";
import type { MarketplaceLimits } from "./limits.ts";
import type { RecordedRunsStore } from "./recorded-runs.store.ts";
import type { ReviewsStore } from "./reviews.store.ts";
import { newestOf } from "./reviews.service.ts";
import type { Viewer } from "./viewer.ts";

const browseLimit = 12;

/** Visibility of agents: an agent disabled by an administrator is visible to its owner and to administrators only. */
export function isVisible({ agent, entry }: Pick<DetailRow, "agent" | "entry">, viewer: Viewer): boolean {
  if (isOwnerOf(viewer, agent) || viewer?.is_superuser) return true;
  return agent.is_active && (agent.forked_by_user_id === null || agent.is_published || entry !== null);
}

export type AgentCatalogue = ReturnType<typeof createAgentCatalogue>;
/** Lists and details of the marketplace's agents. */
export function createAgentCatalogue({
  listings,
  reviews,
  pictures,
  recordings,
  versions,
  limits,
}: {
  listings: AgentListings;
  reviews: ReviewsStore;
  pictures: Pick<ItemPicturesStore, "listScreenshots">;
  recordings: Pick<RecordedRunsStore, "has">;
  versions: AgentVersionsStore;
  limits: MarketplaceLimits;
}) {
  const require = async (viewer: Viewer, ref: string, q?: Queries): Promise<DetailRow> => {
    const row = await listings.find(ref, viewer?.id, q);
    if (!row || !isVisible(row, viewer)) throw notFound("Agent");
    return row;
  };
  const detail = async (viewer: Viewer, ref: string): Promise<AgentDetail> => {
    const row = await require(viewer, ref);
    const [newest, screenshots, has_recorded_run, latest] = await Promise.all([
      reviews.list("agent", row.agent.id, { limit: 5, offset: 0 }),
      pictures.listScreenshots(row.agent.id),
      recordings.has(row.agent.id),
      versions.latest(row.agent.id),
    ]);
    return detailOf(row, viewer, { reviews: newestOf(newest), screenshots, has_recorded_run, latest });
  };
  return {
    /** By UUID or slug; throws 404 for an agent the viewer cannot see. */
    require,
    browse: async (
      viewer: Viewer,
      ip: string,
      query: PageQuery & AgentFilter,
    ): Promise<List<AgentCard> & { facets: MarketplaceFacets }> => {
      await limits.browse(ip);
      const page = pageOf({ ...query, limit: query.limit ?? browseLimit });
      const { rows, cells } = await listings.browse(query, page, viewer?.id);
      const { total, facets } = facetsOf(cells, filtersOf(query));
      return { ...page.envelope(rows.map(cardOf), total), facets };
    },
    get: async (viewer: Viewer, ip: string, ref: string): Promise<AgentDetail> => {
      await limits.browse(ip);
      return detail(viewer, ref);
    },
    /** The same without counting a view, after a change. */
    detail,
    /** Published versions, newest first. */
    versions: async (viewer: Viewer, ip: string, ref: string, query: PageQuery): Promise<List<AgentVersion>> => {
      await limits.browse(ip);
      const { agent } = await require(viewer, ref);
      const page = pageOf(query);
      const { rows, total } = await versions.list(agent.id, page);
      return page.envelope(rows.map(presentVersion), total);
    },
    related: async (viewer: Viewer, ip: string, ref: string, limit = 6): Promise<List<AgentCard>> => {
      await limits.browse(ip);
      const { agent } = await require(viewer, ref);
      const items = (await listings.related(agent, viewer?.id, limit)).map(cardOf);
      return { items, total: items.length, page: 1, total_pages: items.length === 0 ? 0 : 1 };
    },
    /** For reviews: locks the agent until the transaction ends. */
    lock: async (tx: Queries, viewer: Viewer, ref: string): Promise<{ agent: AgentRow; isOwn: boolean }> => {
      const locked = await listings.lock(tx, ref);
      if (!locked) throw notFound("Agent");
      const row = await require(viewer, locked.id, tx);
      return { agent: row.agent, isOwn: isOwnerOf(viewer, row.agent) };
    },
  };
}
