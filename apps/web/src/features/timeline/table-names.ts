import type { SnapshotTables, TableDifference } from "@tesslate/contract";

/** As people write it: without the schema `public`. */
export const tableName = ({ schema, name }: Pick<TableDifference, "schema" | "name">): string =>
  schema === "public" ? name : `${schema}.${name}`;

/** What is different now from a snapshot's databases. */
export interface ChangedTables {
  /** Names of tables that did not exist. */
  created: string[];
  /** Other tables have other rows or columns. */
  hasOthers: boolean;
}
/** Undefined unless all databases of the snapshot could be compared. */
export function changedTables(tables: SnapshotTables | undefined): ChangedTables | undefined {
  const databases = tables?.databases;
  if (!databases || databases.length === 0 || databases.some(({ state }) => state !== "compared")) return undefined;
  const created = databases.flatMap((database) => database.tables.filter(({ saved }) => saved === null).map(tableName));
  return { created, hasOthers: databases.reduce((sum, { total }) => sum + total, 0) > created.length };
}
