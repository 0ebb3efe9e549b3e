import { index, integer, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import type { AssetFileType } from "@tesslate/contract";
import { createdAt, id, timestamptz } from "../../../platform/columns.ts";
import { projects } from "../projects/projects.table.ts";

/**
 * What is known about a file of the tree that was uploaded as an asset (accounts-projects 4.4). The tree is the truth: `etag` is the version
 * these facts were read from, and a row whose file is gone waits, unseen, for the file to come back (a checkout, a restored snapshot).
 */
export const assets = pgTable(
  "assets",
  {
    id: id(),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    /** `/`, or `/a/b`. */
    directory: text().notNull(),
    filename: text().notNull(),
    file_type: text().$type<AssetFileType>().notNull(),
    mime_type: text().notNull(),
    file_size: integer().notNull(),
    width: integer(),
    height: integer(),
    etag: text().notNull(),
    missing_since: timestamptz(),
    created_at: createdAt(),
  },
  (t) => [
    unique("assets_project_id_directory_filename_key").on(t.project_id, t.directory, t.filename),
    index("assets_project_id_created_at_idx").on(t.project_id, t.created_at),
  ],
);
export type AssetRow = typeof assets.$inferSelect;
