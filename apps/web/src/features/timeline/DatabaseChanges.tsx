import { useQuery } from "@tanstack/react-query";
import { Database } from "lucide-react";
import type { DatabaseDifference, TableDifference } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { useServices } from "../../project/services.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { about, hasOtherRows, notCompared, type Rows } from "./TableDifferences.tsx";
import { tableName } from "./table-names.ts";
import { tableDifferencesQuery } from "./timeline.queries.ts";

/** The tables that changed from a snapshot to now, or to another snapshot (`against`). Nothing for snapshots without figures. */
export function DatabaseChanges({
  projectId,
  snapshotId,
  against,
}: {
  projectId: string;
  snapshotId: string;
  against: string | undefined;
}) {
  const { api } = useServices();
  const query = useQuery(tableDifferencesQuery(api, projectId, snapshotId, against));
  if (query.data && !query.data.databases?.length) return null;
  return (
    <section aria-label="Databases" className="border-t border-line-0 px-4 py-3 text-xs narrow:px-3">
      {query.data ? (
        <div className="grid gap-3">
          {query.data.databases?.map((database) => (
            <ChangedTables key={`${database.container}/${database.database}`} of={database} isPast={against !== undefined} />
          ))}
        </div>
      ) : query.error ? (
        <p className="text-fg-2">
          Row counts are not available. <ErrorSentence of={query.error} />
        </p>
      ) : (
        <div role="status" aria-label="Loading row counts">
          <Skeleton className="h-4 w-48" />
        </div>
      )}
    </section>
  );
}

function ChangedTables({ of: { container, database, state, tables, total }, isPast }: { of: DatabaseDifference; isPast: boolean }) {
  return (
    <div>
      <h3 className="flex items-center gap-2 text-sm font-medium text-fg-0">
        <Database size={14} aria-hidden="true" className="flex-none text-fg-2" />
        <span className="min-w-0 truncate">{container}</span>
        <span className="num font-normal text-fg-2">{state === "compared" && total > 0 ? counted(total, "table") : database}</span>
      </h3>
      {state !== "compared" ? (
        <p className="mt-1 text-fg-2">
          {state === "deleted" && isPast ? "The other snapshot doesn't have this database." : `Not compared: ${notCompared[state]}.`}
        </p>
      ) : total === 0 ? (
        <p className="mt-1 text-fg-2">No table has another number of rows or other columns.</p>
      ) : (
        <ul
          role="list"
          aria-label={`Changed tables of ${container}`}
          className="mt-1.5 divide-y divide-line-0 overflow-hidden rounded-2 border border-line-0"
        >
          {tables.map((table) => (
            <Row key={`${table.schema}.${table.name}`} table={table} />
          ))}
          {total > tables.length ? <li className="px-2.5 py-1 text-fg-2">and {formatNumber(total - tables.length)} more</li> : null}
        </ul>
      )}
    </div>
  );
}

const rowsOf = (rows: Rows) => `${about(rows)}${counted(rows.rows, "row")}`;

function Row({ table }: { table: TableDifference }) {
  const { saved, now, has_other_columns } = table;
  return (
    <li
      className={cx(
        "flex flex-wrap items-baseline gap-x-3 px-2.5 py-1",
        saved === null ? "bg-diff-add text-diff-add-ink" : now === null ? "bg-diff-del text-diff-del-ink" : "text-fg-1",
      )}
    >
      <span className="min-w-0 flex-1 basis-32 font-mono wrap-anywhere">
        <span aria-hidden="true">{saved === null ? "+ " : now === null ? "− " : ""}</span>
        {tableName(table)}
      </span>
      <span className="num text-right">{changeOf(saved, now, has_other_columns)}</span>
    </li>
  );
}

/** "New, 4 rows", "9 → 12 rows, other columns". */
function changeOf(saved: Rows | null, now: Rows | null, hasOtherColumns: boolean): string {
  if (now === null) return saved ? `Deleted, ${rowsOf(saved)}` : "Deleted";
  if (saved === null) return `New, ${rowsOf(now)}`;
  const rows = `${about(saved)}${formatNumber(saved.rows)} → ${rowsOf(now)}`;
  return !hasOtherColumns ? rows : hasOtherRows(now, saved) ? `${rows}, other columns` : "Other columns";
}
