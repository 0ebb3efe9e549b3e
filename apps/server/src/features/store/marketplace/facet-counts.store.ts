import { eq } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";
import { marketplaceVersions } from "../../../db/schema/store.ts";
import type { FacetCell } from "./facets.ts";

/** Counts for one version of the items. */
export interface Counts {
  find(key: string): FacetCell[] | undefined;
  keep(key: string, cells: FacetCell[]): void;
}
/** Maximum number of cached counts, each a few dozen cells; least recently used ones are evicted. */
const maxKept = 500;

export type CountsOf = ReturnType<typeof createCountsOf>;
/**
 * Caches facet counts until the items change, because counting tens of thousands of items costs more than reading a page and they change rarely.
 * Read the version before counting, so that a cached count is never older than its version.
 */
export function createCountsOf(db: Database, item: "agents" | "bases" | "marketplace_items") {
  let current = 0;
  const kept = new Map<string, FacetCell[]>();
  return async (): Promise<Counts> => {
    const [row] = await db
      .select({ version: marketplaceVersions.version })
      .from(marketplaceVersions)
      .where(eq(marketplaceVersions.item, item));
    // Without a version, changes cannot be detected.
    const version = row?.version ?? -1;
    if (version > current) {
      kept.clear();
      current = version;
    }
    return {
      find: (key) => {
        if (version !== current) return undefined;
        const cells = kept.get(key);
        if (cells && kept.delete(key)) kept.set(key, cells);
        return cells;
      },
      keep: (key, cells) => {
        if (version !== current) return;
        kept.set(key, cells);
        const [oldest] = kept.keys();
        if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
      },
    };
  };
}
