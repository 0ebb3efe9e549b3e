import { pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import { bytea, createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";
import { users } from "../../accounts/users/users.table.ts";

/** People's accounts at hosts of repositories (agent-git-deploy 2). The one place of their tokens. */
export const gitProviderCredentials = pgTable(
  "git_provider_credentials",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    provider: text().$type<"github" | "gitlab" | "bitbucket" | "gitea" | "git">().notNull(),
    /** Without a slash at its end. */
    base_url: text().notNull(),
    /** Name and, where it is not the usual one, port: where the token may go. */
    host: text().notNull(),
    kind: text().$type<"oauth" | "token">().notNull(),
    sealed_access: bytea().notNull(),
    sealed_refresh: bytea(),
    expires_at: timestamptz(),
    scope: text(),
    /** Given with a token by its owner. */
    username: text(),
    provider_username: text(),
    provider_email: text(),
    provider_user_id: text(),
    /** When the host refused it, and it could not be renewed. */
    refused_at: timestamptz(),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [unique("git_provider_credentials_host_key").on(t.user_id, t.provider, t.host)],
);
export type GitAccountRow = typeof gitProviderCredentials.$inferSelect;
