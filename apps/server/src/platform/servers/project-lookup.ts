import { sql } from "drizzle-orm";
import type { Database } from "../database.ts";
import { isUuid } from "../uuid.ts";

/** What names a project in a request: itself, by id or slug, or something that belongs to it. */
const queries = {
  project: (slug: string) => sql`select id from projects where slug = ${slug}`,
  chat: (id: string) => sql`select project_id as id from chats where id = ${id}`,
  task: (id: string) => sql`select project_id as id from tasks where id = ${id}`,
  shell: (id: string) => sql`select project_id as id from shell_sessions where id = ${id}`,
  deployment: (id: string) => sql`select project_id as id from deployments where id = ${id}`,
};
type ProjectReference = keyof typeof queries;

export interface ProjectLookup {
  /** The id of the project; `undefined` when there is none. */
  find(kind: ProjectReference, id: string): Promise<string | undefined>;
}

const maxRemembered = 20_000;

/** Finds the project of a request. What belongs to a project does so forever, so it is remembered; a slug may be used again. */
export function createProjectLookup(db: Database): ProjectLookup {
  const known = new Map<string, string>();
  return {
    find: async (kind, id) => {
      if (kind === "project" && isUuid(id)) return id;
      if (kind !== "project" && !isUuid(id)) return undefined;
      const key = `${kind}:${id}`;
      const found = known.get(key);
      if (found !== undefined) return found;
      const { rows } = await db.execute<{ id: string | null }>(queries[kind](id));
      const project = rows[0]?.id ?? undefined;
      if (project === undefined || kind === "project") return project;
      if (known.size >= maxRemembered) known.clear();
      known.set(key, project);
      return project;
    },
  };
}
