import { and, count, desc, eq, ilike, isNull, ne, or, sql } from "drizzle-orm";
import type { AssetFileType } from "@tesslate/contract";
import type { Database, Queries } from "../../../platform/database.ts";
import { assets, type AssetRow } from "../../../db/schema/projects.ts";

export interface AssetFilter {
  directory?: string;
  file_type?: AssetFileType;
  q?: string;
}
interface AssetLocation {
  directory: string;
  filename: string;
}
/** A difference `reconcile` found for one row. Applied only if the row has not moved since. */
export type Correction = { row: AssetRow } & (
  | { now: "missing" }
  | { now: "moved"; to: AssetLocation }
  | { now: "changed"; facts: Pick<AssetRow, "etag" | "file_size" | "mime_type" | "file_type" | "width" | "height"> }
);

const at = (projectId: string, { directory, filename }: AssetLocation) =>
  and(eq(assets.project_id, projectId), eq(assets.directory, directory), eq(assets.filename, filename));
const escaped = (text: string) => text.replace(/[\\%_]/g, (c) => `\\${c}`);

export type AssetsStore = ReturnType<typeof createAssetsStore>;
export function createAssetsStore(db: Database) {
  /** Serializes moves within a project with an advisory lock, so that two rows never claim the same path. */
  const serialized = <T>(projectId: string, work: (tx: Queries) => Promise<T>): Promise<T> =>
    db.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`assets:${projectId}`}, 0))`);
      return work(tx);
    });
  const moveRow = async (tx: Queries, row: AssetRow, to: AssetLocation) => {
    await tx.delete(assets).where(and(at(row.project_id, to), ne(assets.id, row.id)));
    return (
      await tx
        .update(assets)
        .set({ ...to, missing_since: null })
        .where(eq(assets.id, row.id))
        .returning()
    )[0];
  };

  return {
    list: async (projectId: string, { directory, file_type, q }: AssetFilter, page: { limit: number; offset: number }) => {
      const where = and(
        eq(assets.project_id, projectId),
        isNull(assets.missing_since),
        directory === undefined ? undefined : eq(assets.directory, directory),
        file_type === undefined ? undefined : eq(assets.file_type, file_type),
        q === undefined || q === "" ? undefined : ilike(assets.filename, `%${escaped(q)}%`),
      );
      const [rows, [total]] = await Promise.all([
        db.select().from(assets).where(where).orderBy(desc(assets.created_at), desc(assets.id)).limit(page.limit).offset(page.offset),
        db.select({ n: count() }).from(assets).where(where),
      ]);
      return { rows, total: total?.n ?? 0 };
    },
    /** Includes rows whose file is missing. */
    listAll: (projectId: string): Promise<AssetRow[]> => db.select().from(assets).where(eq(assets.project_id, projectId)),
    find: async (projectId: string, id: string): Promise<AssetRow | undefined> =>
      (
        await db
          .select()
          .from(assets)
          .where(and(eq(assets.id, id), eq(assets.project_id, projectId), isNull(assets.missing_since)))
      )[0],
    countByDirectory: async (projectId: string): Promise<Map<string, number>> => {
      const rows = await db
        .select({ directory: assets.directory, n: count() })
        .from(assets)
        .where(and(eq(assets.project_id, projectId), isNull(assets.missing_since)))
        .groupBy(assets.directory);
      return new Map(rows.map((r) => [r.directory, r.n]));
    },
    /** Inserts an asset and deletes the row of an earlier file at that path. */
    insert: (values: typeof assets.$inferInsert): Promise<AssetRow | undefined> =>
      serialized(values.project_id, async (tx) => {
        await tx.delete(assets).where(at(values.project_id, values));
        return (await tx.insert(assets).values(values).returning())[0];
      }),
    /** Copies all rows to a cloned project. */
    copyAll: async (tx: Queries, from: string, to: string): Promise<void> => {
      const rows = await tx.select().from(assets).where(eq(assets.project_id, from));
      if (rows.length > 0) await tx.insert(assets).values(rows.map(({ id: _id, ...row }) => ({ ...row, project_id: to })));
    },
    move: (row: AssetRow, to: AssetLocation): Promise<AssetRow | undefined> => serialized(row.project_id, (tx) => moveRow(tx, row, to)),
    /** Hides the row of a missing file until the file is back. */
    hide: async (id: string): Promise<void> => {
      await db
        .update(assets)
        .set({ missing_since: sql`now()` })
        .where(eq(assets.id, id));
    },
    /** Moves the rows of a moved file or folder and deletes the rows at the target path. */
    movePath: (projectId: string, from: AssetLocation & { path: string }, to: AssetLocation & { path: string }): Promise<void> =>
      serialized(projectId, async (tx) => {
        const below = (path: string) => sql`(${assets.directory} = ${`/${path}`} or starts_with(${assets.directory}, ${`/${path}/`}))`;
        const moved = and(eq(assets.project_id, projectId), or(at(projectId, from), below(from.path)));
        if ((await tx.select({ n: count() }).from(assets).where(moved))[0]?.n === 0) return;
        await tx.delete(assets).where(and(eq(assets.project_id, projectId), or(at(projectId, to), below(to.path))));
        await tx.update(assets).set({ directory: to.directory, filename: to.filename }).where(at(projectId, from));
        await tx
          .update(assets)
          .set({ directory: sql`${`/${to.path}`} || substr(${assets.directory}, ${from.path.length + 2})` })
          .where(and(eq(assets.project_id, projectId), below(from.path)));
      }),
    /** Applies the corrections of a reconcile in one transaction. */
    correct: (projectId: string, corrections: Correction[]): Promise<void> =>
      serialized(projectId, async (tx) => {
        for (const correction of corrections) {
          const { row } = correction;
          const same = and(eq(assets.id, row.id), at(projectId, row), eq(assets.etag, row.etag));
          if (correction.now === "missing")
            await tx
              .update(assets)
              .set({ missing_since: sql`now()` })
              .where(and(same, isNull(assets.missing_since)));
          else if (correction.now === "changed")
            await tx
              .update(assets)
              .set({ ...correction.facts, missing_since: null })
              .where(same);
          else if ((await tx.select({ id: assets.id }).from(assets).where(same)).length > 0) await moveRow(tx, row, correction.to);
        }
      }),
  };
}
