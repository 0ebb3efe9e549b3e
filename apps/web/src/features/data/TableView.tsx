import { useQuery } from "@tanstack/react-query";
import { ArrowLeft } from "lucide-react";
import { formatBytes } from "../../lib/bytes.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useServices } from "../../project/services.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { useDatabase } from "./data-context.ts";
import { structureQuery, tablesQuery } from "./data.queries.ts";
import { DataError } from "./DataError.tsx";
import { RowsTab } from "./RowsTab.tsx";
import { StructureTab } from "./StructureTab.tsx";
import { hasRowsToEdit, tableKinds, tableLabel } from "./table.ts";
import { WriteToggle } from "./use-write-permission.tsx";

/** The table of the address: rows and structure. */
export function TableView() {
  const { place } = useDatabase();
  const { schema, table } = place.search;
  if (schema === undefined || table === undefined) return <NoTable />;
  return <OpenTable key={`${schema}.${table}`} schema={schema} name={table} />;
}

function NoTable() {
  const { api } = useServices();
  const { params, database } = useDatabase();
  const tables = useQuery(tablesQuery(api, params.id, params.database_id, ""));
  // The list of tables says that they load, or why they don't.
  if (!tables.data) return null;
  return tables.data.total === 0 ? (
    <EmptyState title={`${database.name} has no tables yet`}>
      They appear here when your app or a migration creates them. You can also create one with SQL.
    </EmptyState>
  ) : (
    <EmptyState title="No table selected">Choose a table or view to see its rows.</EmptyState>
  );
}

function OpenTable({ schema, name }: { schema: string; name: string }) {
  const { api } = useServices();
  const { params, place, permission } = useDatabase();
  const isNarrow = useIsNarrow();
  const structure = useQuery(structureQuery(api, params.id, params.database_id, schema, name));
  const tab = place.search.tab ?? "rows";
  const { data } = structure;
  const canWrite = data !== undefined && hasRowsToEdit(data.kind);
  return (
    <>
      <header className="flex h-10 min-w-0 flex-none items-center gap-2 border-b border-line-0 px-3 narrow:h-12 narrow:px-2">
        {isNarrow ? (
          <IconButton size="sm" label="Back to tables" onClick={() => place.change({ table: undefined, schema: undefined, tab: undefined })}>
            <ArrowLeft size={14} />
          </IconButton>
        ) : null}
        <h2 className="min-w-0 truncate font-mono text-sm" title={data ? tableKinds[data.kind] : undefined}>
          {tableLabel({ schema, name })}
        </h2>
        {data?.size_bytes != null && !isNarrow ? (
          <span className="num flex-none text-xs text-fg-2">{formatBytes(data.size_bytes)}</span>
        ) : null}
        <span className="flex-1" />
        {canWrite ? <WriteToggle permission={permission} /> : null}
        <SegmentedControl
          label="Show"
          value={tab}
          onChange={(next) => place.change({ tab: next === "structure" ? "structure" : undefined })}
          segments={[
            { value: "rows", label: "Rows" },
            { value: "structure", label: "Structure" },
          ]}
        />
      </header>
      {!data ? (
        structure.isPending ? (
          <SkeletonRows count={12} label="Loading table…" className="p-4" />
        ) : (
          <DataError title="Couldn't load the table" of={structure} />
        )
      ) : tab === "structure" ? (
        <StructureTab structure={data} />
      ) : (
        <RowsTab table={data} estimate={data.row_estimate} />
      )}
    </>
  );
}
