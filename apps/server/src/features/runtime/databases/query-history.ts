import type { List, QueryHistoryEntry } from "@tesslate/contract";
import { AppError, notFound } from "../../../platform/errors.ts";
import type { Logger } from "../../../platform/logger.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { Projects } from "../../projects/projects/index.ts";
import type { Redactions } from "../../projects/secrets/index.ts";
import type { DatabaseRef } from "./databases.service.ts";
import type { QueryHistoryStore } from "./history.store.ts";

const maxEntries = 200;
const maxSql = 10_000;
const maxError = 500;

export type QueryHistory = ReturnType<typeof createQueryHistory>;
/** The statements that a person ran in the databases of a project: the last 200, with the values of the project's secrets masked. */
export function createQueryHistory({
  store,
  projects,
  nameOf,
  redactions,
  log,
}: {
  store: QueryHistoryStore;
  projects: Pick<Projects, "require">;
  /** The name of a database; undefined if it does not exist. */
  nameOf: (projectId: string, databaseId: string) => Promise<string | undefined>;
  redactions: Pick<Redactions, "of">;
  log: Logger;
}) {
  const add = async (
    userId: string,
    { ref, id }: DatabaseRef,
    entry: { sql: string; is_write: boolean; error: string | null; duration_ms: number },
  ) => {
    const project = await projects.require(userId, ref);
    const name = await nameOf(project.id, id);
    if (name === undefined) return;
    const { redact } = await redactions.of(project.id);
    await store.add(maxEntries, {
      user_id: userId,
      project_id: project.id,
      database_id: id,
      database_name: name,
      ...entry,
      sql: redact(entry.sql).slice(0, maxSql),
      error: entry.error && redact(entry.error).slice(0, maxError),
    });
  };
  return {
    /** Does the work and records it, whether it succeeds or not. */
    recorded: async <T>(
      userId: string,
      at: DatabaseRef,
      statement: { sql: string; is_write: boolean },
      work: () => Promise<T>,
    ): Promise<T> => {
      const begin = performance.now();
      const record = (error: string | null) =>
        add(userId, at, { ...statement, error, duration_ms: Math.round(performance.now() - begin) }).catch((err: unknown) =>
          log.warn({ err, user_id: userId }, "query not recorded"),
        );
      try {
        const result = await work();
        await record(null);
        return result;
      } catch (error) {
        if (error instanceof AppError && error.code !== "not_found") await record(error.message);
        throw error;
      }
    },
    list: async (userId: string, ref: string, query: PageQuery): Promise<List<QueryHistoryEntry>> => {
      const { id } = await projects.require(userId, ref);
      const page = pageOf(query);
      const { rows, total } = await store.list(userId, id, page);
      return page.envelope(rows, total);
    },
    clear: async (userId: string, ref: string): Promise<void> => store.clear(userId, (await projects.require(userId, ref)).id),
    remove: async (userId: string, ref: string, entryId: string): Promise<void> => {
      const { id } = await projects.require(userId, ref);
      if (!(await store.remove(userId, id, entryId))) throw notFound("Query");
    },
  };
}
