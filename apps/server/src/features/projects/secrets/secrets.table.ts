import { pgTable, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { bytea, createdAt, id, updatedAt } from "../../../platform/columns.ts";
import { projects } from "../projects/projects.table.ts";

/** Environment variables of a whole project (accounts-projects 6). Never copied by forks, exports or snapshots. */
export const projectSecrets = pgTable(
  "project_secrets",
  {
    id: id(),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    key: text().notNull(),
    sealed_value: bytea().notNull(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [uniqueIndex("project_secrets_project_id_key_key").on(t.project_id, t.key)],
);
export type SecretRow = typeof projectSecrets.$inferSelect;
