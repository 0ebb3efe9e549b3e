import { boolean, index, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { createdAt } from "../../../platform/columns.ts";
import { projects } from "../../projects/projects/projects.table.ts";
import { users } from "../../accounts/users/users.table.ts";

/** Recorded runs, the newest of each project. */
export const runCassettes = pgTable(
  "run_cassettes",
  {
    task_id: uuid().primaryKey(),
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** JSON lines, secrets removed. */
    lines: text().notNull(),
    /** It was full before the run ended: it can be read and forked, not replayed. */
    is_cut: boolean().notNull(),
    created_at: createdAt(),
  },
  (t) => [index("run_cassettes_project_id_created_at_idx").on(t.project_id, t.created_at.desc())],
);
