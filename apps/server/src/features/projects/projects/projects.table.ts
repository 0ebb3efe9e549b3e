import { bigint, boolean, index, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";
import { users } from "../../accounts/users/users.table.ts";

export const projects = pgTable(
  "projects",
  {
    id: id(),
    owner_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text().notNull(),
    slug: text().notNull().unique(),
    description: text(),
    source_type: text().notNull().default("template"),
    template_slug: text(),
    environment_status: text()
      .$type<
        | "provisioning"
        | "setup_failed"
        | "active"
        | "stopped"
        | "starting"
        | "stopping"
        | "hibernating"
        | "hibernated"
        | "corrupted"
        | "deleting"
      >()
      .notNull()
      .default("provisioning"),
    has_git_repo: boolean().notNull().default(false),
    git_remote_url: text(),
    deploy_type: text().$type<"development" | "deployed">().notNull().default("development"),
    is_deployed: boolean().notNull().default(false),
    deployed_at: timestamptz(),
    /** Why it is stopped; null while it runs and when it never ran. */
    stop_reason: text().$type<"user" | "idle" | "memory" | "limit" | "admin">(),
    hibernated_at: timestamptz(),
    last_activity: timestamptz(),
    /** Files, home folder and volumes, when they were last looked at. */
    disk_bytes: bigint({ mode: "number" }),
    settings: jsonb().$type<Record<string, unknown>>(),
    /** The last `seq` given out on the project's event stream; its row lock orders the stream. */
    event_seq: bigint({ mode: "number" }).notNull().default(0),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    index("projects_owner_id_updated_at_idx").on(t.owner_id, t.updated_at.desc(), t.id),
    index("projects_created_at_id_idx").on(t.created_at, t.id),
  ],
);
export type ProjectRow = typeof projects.$inferSelect;
