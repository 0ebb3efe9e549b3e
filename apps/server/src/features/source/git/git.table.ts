import { boolean, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";
import { projects } from "../../projects/projects/projects.table.ts";

/** The remote repository a project is linked to (agent-git-deploy 2). Its address never holds a credential. */
export const gitRepositories = pgTable("git_repositories", {
  id: id(),
  project_id: uuid()
    .notNull()
    .unique()
    .references(() => projects.id, { onDelete: "cascade" }),
  repo_url: text().notNull(),
  repo_owner: text(),
  repo_name: text(),
  default_branch: text().notNull().default("main"),
  auto_push: boolean().notNull().default(false),
  sync_status: text().$type<"synced" | "ahead" | "behind" | "diverged" | "conflict" | "error">(),
  last_sync_at: timestamptz(),
  last_commit_sha: text(),
  created_at: createdAt(),
  updated_at: updatedAt(),
});
export type GitRepositoryRow = typeof gitRepositories.$inferSelect;
