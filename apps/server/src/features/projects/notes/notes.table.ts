import { integer, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { updatedAt } from "../../../platform/columns.ts";
import { projects } from "../projects/projects.table.ts";

/** What people write down about a project, in Markdown. `version` grows with every write and is the entity tag. */
export const projectNotes = pgTable("project_notes", {
  project_id: uuid()
    .primaryKey()
    .references(() => projects.id, { onDelete: "cascade" }),
  content: text().notNull(),
  version: integer().notNull().default(1),
  updated_at: updatedAt(),
});
export type NotesRow = typeof projectNotes.$inferSelect;
