import { index, pgTable, primaryKey, uuid } from "drizzle-orm/pg-core";
import { createdAt } from "../../../platform/columns.ts";
import { agents } from "../../agent/agents/agents.table.ts";
import { projects } from "../../projects/projects/projects.table.ts";

/** Agents that somebody put to a project (marketplace-billing-admin 13). */
export const projectAgents = pgTable(
  "project_agents",
  {
    project_id: uuid()
      .notNull()
      .references(() => projects.id, { onDelete: "cascade" }),
    agent_id: uuid()
      .notNull()
      .references(() => agents.id, { onDelete: "cascade" }),
    created_at: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.project_id, t.agent_id] }), index("project_agents_agent_id_idx").on(t.agent_id)],
);
