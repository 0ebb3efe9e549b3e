import { doublePrecision, index, integer, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";
import { containers } from "../containers/containers.table.ts";
import { projects } from "../../projects/projects/projects.table.ts";

/** Small browsers on the canvas (accounts-projects 1, Preview). */
export const previews = pgTable(
  "previews",
  {
    id: id(),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    connected_container_id: uuid().references(() => containers.id, { onDelete: "set null" }),
    position_x: doublePrecision().notNull().default(0),
    position_y: doublePrecision().notNull().default(0),
    width: doublePrecision(),
    height: doublePrecision(),
    current_path: text().notNull().default("/"),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [index("previews_project_id_idx").on(t.project_id), index("previews_connected_container_id_idx").on(t.connected_container_id)],
);
export type PreviewRow = typeof previews.$inferSelect;

/** Links that show one container to people without an account. A withdrawn one has no row. */
export const previewShares = pgTable(
  "preview_shares",
  {
    id: id(),
    preview_id: uuid()
      .notNull()
      .references(() => previews.id, { onDelete: "cascade" }),
    /** What it opens, for ever: attaching the preview to another container ends the link. */
    container_id: uuid()
      .notNull()
      .references(() => containers.id, { onDelete: "cascade" }),
    label: text(),
    expires_at: timestamptz().notNull(),
    visit_count: integer().notNull().default(0),
    last_visited_at: timestamptz(),
    created_at: createdAt(),
  },
  (t) => [index("preview_shares_preview_id_idx").on(t.preview_id), index("preview_shares_container_id_idx").on(t.container_id)],
);
export type PreviewShareRow = typeof previewShares.$inferSelect;

/** Who opened a link; only the newest of each link are kept. */
export const previewShareVisits = pgTable(
  "preview_share_visits",
  {
    id: id(),
    share_id: uuid()
      .notNull()
      .references(() => previewShares.id, { onDelete: "cascade" }),
    visited_at: createdAt(),
    ip: text().notNull(),
    user_agent: text(),
  },
  (t) => [index("preview_share_visits_share_id_visited_at_idx").on(t.share_id, t.visited_at)],
);
