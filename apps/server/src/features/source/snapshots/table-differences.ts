import { text } from "node:stream/consumers";
import type { DatabaseDifference, SnapshotTables, TableDifference } from "@tesslate/contract";
import type { History } from "@tesslate/runtime";
import type { ProjectRow } from "../../../db/schema/projects.ts";
import { readTableFigures, type TableFigures } from "../../../platform/dump/index.ts";
import type { Logger } from "../../../platform/logger.ts";
import type { PostgresAccess, PostgresContainer } from "../../runtime/containers/index.ts";
import type { ProjectTreeAccess } from "./tree-access.ts";

/** Where a snapshot keeps its `SavedFigures`, beside the dumps. */
export const figuresPath = "databases/tables.json";
const maxFileBytes = 16 * 2 ** 20;
const maxListed = 100;
const timeoutMs = 10_000;

/** A dumped database. Null: it had too many tables. */
interface SavedDatabase {
  service_key: string;
  container: string;
  database: string;
  tables: TableFigures[] | null;
}
export interface SavedFigures {
  version: 1;
  databases: SavedDatabase[];
}

/** Undefined: the snapshot is older than these figures. */
export async function readSavedFigures(history: Pick<History, "attachment">, point: string): Promise<SavedFigures | undefined> {
  const kept = await history.attachment(point, figuresPath);
  if (!kept) return undefined;
  if (kept.size <= maxFileBytes) return JSON.parse(await text(kept.data)) as SavedFigures;
  kept.data.destroy();
  return undefined;
}

/** An estimate this close to the other number says nothing about the rows. */
const estimateTolerance = 0.01;
function hasOtherRows(saved: TableFigures, now: TableFigures): boolean {
  if (!saved.is_estimate && !now.is_estimate) return saved.rows !== now.rows;
  return Math.abs(saved.rows - now.rows) > estimateTolerance * Math.max(saved.rows, now.rows);
}
const rowsOf = (table: TableFigures | undefined): TableDifference["now"] =>
  table ? { rows: table.rows, is_estimate: table.is_estimate } : null;
/** What a restore deletes comes first. */
const rankOf = ({ saved, now, has_other_columns }: TableDifference): number =>
  saved === null ? 0 : now === null ? 3 : now.rows > saved.rows ? 1 : has_other_columns ? 2 : 3;
const lossOf = ({ saved, now }: TableDifference): number => (now?.rows ?? 0) - (saved?.rows ?? 0);

/** The tables that differ. */
export function compareFigures(saved: readonly TableFigures[], now: readonly TableFigures[]): TableDifference[] {
  const keyOf = ({ schema, name }: TableFigures) => JSON.stringify([schema, name]);
  const [before, after] = [new Map(saved.map((one) => [keyOf(one), one])), new Map(now.map((one) => [keyOf(one), one]))];
  const found: TableDifference[] = [];
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [old, present] = [before.get(key), after.get(key)];
    const known = old ?? present;
    if (!known) continue;
    const has_other_columns = old !== undefined && present !== undefined && old.columns !== present.columns;
    if (old && present && !has_other_columns && !hasOtherRows(old, present)) continue;
    found.push({ schema: known.schema, name: known.name, saved: rowsOf(old), now: rowsOf(present), has_other_columns });
  }
  return found.toSorted(
    (a, b) =>
      rankOf(a) - rankOf(b) || lossOf(b) - lossOf(a) || a.schema.localeCompare(b.schema, "en") || a.name.localeCompare(b.name, "en"),
  );
}

type Compared = Pick<DatabaseDifference, "state" | "tables" | "total">;
const without = (state: DatabaseDifference["state"]): Compared => ({ state, tables: [], total: 0 });
const compared = (saved: readonly TableFigures[], now: readonly TableFigures[]): Compared => {
  const tables = compareFigures(saved, now);
  return { state: "compared", tables: tables.slice(0, maxListed), total: tables.length };
};

/** The database was dropped. */
const isUnknownDatabase = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === "3D000";

export type TableDifferences = ReturnType<typeof createTableDifferences>;

/** Compares the tables of a snapshot with those of the project's running databases, or of another snapshot. */
export function createTableDifferences({ trees, postgresOf, log }: { trees: ProjectTreeAccess; postgresOf: PostgresAccess; log: Logger }) {
  const savedFiguresOf = async (project: ProjectRow, point: string): Promise<SavedFigures | undefined> => {
    const { history } = await trees.open(project);
    return readSavedFigures(history, point);
  };
  const compare = async (saved: SavedDatabase, container: PostgresContainer | undefined, signal: AbortSignal): Promise<Compared> => {
    if (!container) return without("deleted");
    if (!container.isRunning) return without("stopped");
    if (saved.tables === null) return without("too_many_tables");
    const now = await container.use(
      signal,
      (target) =>
        readTableFigures(target, saved.database, signal).catch((error: unknown) => {
          if (isUnknownDatabase(error)) return [];
          throw error;
        }),
      { isRunningOnly: true },
    );
    if (!now) return without("too_many_tables");
    return compared(saved.tables, now);
  };
  return {
    /** From one snapshot to another. */
    between: async (project: ProjectRow, from: string, to: string): Promise<SnapshotTables> => {
      const [before, after] = await Promise.all([savedFiguresOf(project, from), savedFiguresOf(project, to)]);
      if (!before || !after) return { databases: null };
      return {
        databases: before.databases.map((saved) => {
          const later = after.databases.find(
            ({ service_key, database }) => service_key === saved.service_key && database === saved.database,
          );
          const { container, database } = later ?? saved;
          if (!later) return { container, database, ...without("deleted") };
          if (saved.tables === null || later.tables === null) return { container, database, ...without("too_many_tables") };
          return { container, database, ...compared(saved.tables, later.tables) };
        }),
      };
    },
    /** `point` is the snapshot's name in the history. */
    of: async (project: ProjectRow, point: string, signal: AbortSignal): Promise<SnapshotTables> => {
      const figures = await savedFiguresOf(project, point);
      if (!figures) return { databases: null };
      const containers = await postgresOf(project);
      const limited = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const databases: DatabaseDifference[] = [];
      for (const saved of figures.databases) {
        const container = containers.find(({ service_key }) => service_key === saved.service_key);
        const difference = await compare(saved, container, limited).catch((err: unknown) => {
          signal.throwIfAborted();
          log.info({ err, project_id: project.id, container: saved.container }, "tables of a database not compared");
          return { state: "unreadable" as const, tables: [], total: 0 };
        });
        databases.push({ container: container?.name ?? saved.container, database: saved.database, ...difference });
      }
      return { databases };
    },
  };
}
