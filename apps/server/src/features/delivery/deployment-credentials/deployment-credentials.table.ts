import { boolean, index, jsonb, pgTable, text, unique, uuid } from "drizzle-orm/pg-core";
import type { OutsideProvider } from "@tesslate/contract";
import { bytea, createdAt, id, timestamptz, updatedAt } from "../../../platform/columns.ts";
import { projects } from "../../projects/projects/projects.table.ts";
import { users } from "../../accounts/users/users.table.ts";

/** Accounts with deployment providers (agent-git-deploy 2, 8): one usual one per person and provider, and one per project beside it. */
export const deploymentCredentials = pgTable(
  "deployment_credentials",
  {
    id: id(),
    user_id: uuid()
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** null: the usual one. */
    project_id: uuid().references(() => projects.id, { onDelete: "cascade" }),
    provider: text().$type<OutsideProvider>().notNull(),
    kind: text().$type<"token" | "oauth">().notNull(),
    /** The access token, and what renews it. */
    sealed_tokens: bytea().notNull(),
    /** Of the access token. */
    expires_at: timestamptz(),
    needs_reconnect: boolean().notNull().default(false),
    metadata: jsonb().$type<Record<string, string>>().notNull().default({}),
    created_at: createdAt(),
    updated_at: updatedAt(),
  },
  (t) => [
    unique("deployment_credentials_place_key").on(t.user_id, t.provider, t.project_id).nullsNotDistinct(),
    index("deployment_credentials_project_id_idx").on(t.project_id),
  ],
);
export type DeploymentCredentialRow = typeof deploymentCredentials.$inferSelect;
