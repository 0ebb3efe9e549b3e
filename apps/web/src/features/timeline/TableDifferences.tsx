import { useQuery } from "@tanstack/react-query";
import type { DatabaseDifference, TableDifference } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { useServices } from "../../project/services.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { tableName } from "./table-names.ts";
import { tableDifferencesQuery } from "./timeline.queries.ts";

const shownTables = 10;
/** Why the rows of a database are not compared. */
export const notCompared: Record<Exclude<DatabaseDifference["state"], "compared">, string> = {
  stopped: "the database is stopped",
  deleted: "the database was deleted",
  too_many_tables: "the database has too many tables",
  unreadable: "the database can't be read right now",
};

export type Rows = NonNullable<TableDifference["now"]>;
/** For numbers that are estimates. */
export const about = ({ is_estimate }: Rows) => (is_estimate ? "about " : "");
const withRows = (rows: Rows) => (rows.rows === 0 ? "" : ` with ${about(rows)}${counted(rows.rows, "row")}`);
export const hasOtherRows = (now: Rows, saved: Rows) => now.rows !== saved.rows;

/** What a restore does to a table, after its name. */
function changeOf({ saved, now, has_other_columns }: TableDifference): string {
  if (!saved) return `is removed${now ? withRows(now) : ""}`;
  if (!now) return `is restored${withRows(saved)}`;
  const rows = `${about(now)}${counted(now.rows, "row")} → ${about(saved)}${formatNumber(saved.rows)}`;
  if (!has_other_columns) return rows;
  return hasOtherRows(now, saved) ? `${rows}, columns are restored` : "columns are restored";
}

function TablesOfDatabase({ difference, title }: { difference: DatabaseDifference; title: string | undefined }) {
  const { state, tables, total } = difference;
  const shown = tables.slice(0, shownTables);
  return (
    <div>
      {title === undefined ? null : <p className="text-fg-1">{title}</p>}
      {state !== "compared" ? (
        <p>Row counts are not available: {notCompared[state]}.</p>
      ) : total === 0 ? (
        <p>All tables have the same columns and the same number of rows as now.</p>
      ) : (
        <ul aria-label={`Tables of ${title ?? difference.container}`} className="grid gap-0.5">
          {shown.map((table) => (
            <li key={`${table.schema}.${table.name}`} className="flex flex-wrap gap-x-2">
              <span className="font-mono wrap-anywhere text-fg-0">{tableName(table)}</span>
              <span className={table.saved === null ? "text-err" : undefined}>{changeOf(table)}</span>
            </li>
          ))}
          {total > shown.length ? <li>and {formatNumber(total - shown.length)} more</li> : null}
        </ul>
      )}
    </div>
  );
}

/** The tables that a restore of a snapshot's databases changes, with the rows they lose. Nothing for snapshots without figures. */
export function TableDifferences({ projectId, snapshotId }: { projectId: string; snapshotId: string }) {
  const { api } = useServices();
  const tables = useQuery(tableDifferencesQuery(api, projectId, snapshotId));
  if (tables.isPending)
    return (
      <div role="status" aria-label="Loading row counts">
        <Skeleton className="h-4 w-48" />
      </div>
    );
  if (tables.error)
    return (
      <p className="text-xs text-fg-2">
        Row counts are not available. <ErrorSentence of={tables.error} />
      </p>
    );
  const { databases } = tables.data;
  if (!databases || databases.length === 0) return null;
  return (
    <div className="grid gap-2 text-xs text-fg-2">
      {databases.map((difference) => (
        <TablesOfDatabase
          key={`${difference.container}/${difference.database}`}
          difference={difference}
          title={databases.length === 1 ? undefined : `${difference.container}, ${difference.database}`}
        />
      ))}
    </div>
  );
}
