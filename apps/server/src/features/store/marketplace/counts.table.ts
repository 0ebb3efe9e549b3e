import { bigint, pgTable, text } from "drizzle-orm/pg-core";

/**
 * What counts of the marketplace go by. The database raises `version` at the end of each transaction that changes which items there are or what can be
 * searched and filtered by (see the migration): what was counted at a version holds for as long as it stands.
 */
export const marketplaceVersions = pgTable("marketplace_versions", {
  /** `agents` or `bases`. */
  item: text().primaryKey(),
  version: bigint({ mode: "number" }).notNull().default(0),
  /** The transaction that raised it last: one raises it once. */
  changed_in: text(),
});
