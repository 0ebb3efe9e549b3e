import { and, asc, eq, isNull, or, sql } from "drizzle-orm";
import type { Database } from "../../../platform/database.ts";
import { chats } from "../../../db/schema/agent/chats.ts";
import { mcpServers, type McpServerRow } from "../../../db/schema/agent/mcp.ts";
import { projects } from "../../../db/schema/projects.ts";

/** A branch has the servers of its project. */
const wholeProject = (projectId: string) => sql`(select coalesce(p.branch_of, p.id) from projects p where p.id = ${projectId})`;

export type McpStore = ReturnType<typeof createMcpStore>;
export function createMcpStore(db: Database) {
  const of = (userId: string, projectId: string | null) =>
    and(eq(mcpServers.user_id, userId), projectId === null ? isNull(mcpServers.project_id) : eq(mcpServers.project_id, projectId));
  return {
    list: async (userId: string, projectId: string | null, page: { limit: number; offset: number }) => {
      const [rows, total] = await Promise.all([
        db
          .select()
          .from(mcpServers)
          .where(of(userId, projectId))
          .orderBy(asc(mcpServers.name), mcpServers.id)
          .limit(page.limit)
          .offset(page.offset),
        db.$count(mcpServers, of(userId, projectId)),
      ]);
      return { rows, total };
    },
    find: async (userId: string, id: string): Promise<McpServerRow | undefined> =>
      (
        await db
          .select()
          .from(mcpServers)
          .where(and(eq(mcpServers.id, id), eq(mcpServers.user_id, userId)))
      )[0],
    /** Without an owner check, for OAuth callbacks, which the state authenticates. */
    findById: async (id: string): Promise<McpServerRow | undefined> => (await db.select().from(mcpServers).where(eq(mcpServers.id, id)))[0],
    /** Enabled servers for runs in the project: the project's first, then the user's. */
    listFor: async (userId: string, projectId: string): Promise<McpServerRow[]> =>
      db
        .select()
        .from(mcpServers)
        .where(
          and(
            eq(mcpServers.user_id, userId),
            eq(mcpServers.is_enabled, true),
            or(eq(mcpServers.project_id, wholeProject(projectId)), isNull(mcpServers.project_id)),
          ),
        )
        .orderBy(sql`${mcpServers.project_id} is null`, asc(mcpServers.created_at), mcpServers.id),
    /** Servers whose secrets must be redacted in the project, including disabled ones. */
    listHidden: async (projectId: string): Promise<McpServerRow[]> =>
      (
        await db
          .select({ row: mcpServers })
          .from(mcpServers)
          .innerJoin(projects, eq(projects.owner_id, mcpServers.user_id))
          .where(and(eq(projects.id, projectId), or(isNull(mcpServers.project_id), eq(mcpServers.project_id, wholeProject(projectId)))))
      ).map(({ row }) => row),
    projectsOf: async (userId: string): Promise<string[]> =>
      (await db.select({ id: projects.id }).from(projects).where(eq(projects.owner_id, userId))).map(({ id }) => id),
    /** `full` when there are `max` servers already, `taken` when the slug is in use. */
    insert: (values: typeof mcpServers.$inferInsert, max: number): Promise<McpServerRow | "full" | "taken"> =>
      db.transaction(async (tx) => {
        await tx.execute(sql`select 1 from users where id = ${values.user_id} for update`);
        if ((await tx.$count(mcpServers, of(values.user_id, values.project_id ?? null))) >= max) return "full";
        return (await tx.insert(mcpServers).values(values).onConflictDoNothing().returning())[0] ?? "taken";
      }),
    /** Undefined when it was deleted, `taken` when the slug is in use. */
    update: (id: string, change: Partial<typeof mcpServers.$inferInsert>): Promise<McpServerRow | "taken" | undefined> =>
      db.transaction(async (tx) => {
        const [row] = await tx.select().from(mcpServers).where(eq(mcpServers.id, id)).for("update");
        if (!row) return undefined;
        const slug = change.slug ?? row.slug;
        const [other] = await tx
          .select({ id: mcpServers.id })
          .from(mcpServers)
          .where(and(of(row.user_id, row.project_id), eq(mcpServers.slug, slug)));
        if (other && other.id !== id) return "taken";
        return (
          await tx
            .update(mcpServers)
            .set({ ...change, updated_at: sql`now()` })
            .where(eq(mcpServers.id, id))
            .returning()
        )[0];
      }),
    /** Stores the state of a server. Does not update `updated_at`. */
    note: async (id: string, seen: Pick<Partial<McpServerRow>, "tools" | "tools_at" | "problem" | "auth">): Promise<void> => {
      await db.update(mcpServers).set(seen).where(eq(mcpServers.id, id));
    },
    /** Revokes "allow all" for the tools of the slug, which may now be another server. */
    dropGrants: async ({ user_id, slug }: Pick<McpServerRow, "user_id" | "slug">): Promise<void> => {
      const prefix = `mcp__${slug}__`;
      await db
        .update(chats)
        .set({
          allowed_tools: sql`(select coalesce(jsonb_agg(name), '[]'::jsonb) from jsonb_array_elements_text(${chats.allowed_tools}) name where not starts_with(name, ${prefix}))`,
        })
        .where(and(eq(chats.user_id, user_id), sql`${chats.allowed_tools}::text like ${`%"${prefix.replaceAll("_", "\\_")}%`}`));
    },
    setOauth: async (id: string, encrypted_oauth: Buffer | null, auth?: McpServerRow["auth"]): Promise<void> => {
      await db
        .update(mcpServers)
        .set({ encrypted_oauth, ...(auth && { auth }) })
        .where(eq(mcpServers.id, id));
    },
    remove: async (userId: string, id: string): Promise<McpServerRow | undefined> =>
      (
        await db
          .delete(mcpServers)
          .where(and(eq(mcpServers.id, id), eq(mcpServers.user_id, userId)))
          .returning()
      )[0],
  };
}
