import { useQuery } from "@tanstack/react-query";
import { ArrowDownToLine, ArrowLeft, ArrowUpFromLine, Ellipsis } from "lucide-react";
import { Suspense, useRef, useState } from "react";
import { formatBytes } from "../../lib/bytes.ts";
import { lazyComponent } from "../../lib/chunks.ts";
import { useDroppedFiles } from "../../lib/use-dropped-files.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useServices } from "../../project/services.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toastError } from "../../ui/toast.tsx";
import { useDatabase } from "./data-context.ts";
import { structureQuery, tablesQuery } from "./data.queries.ts";
import { DataError } from "./DataError.tsx";
import { downloadTable } from "./download.ts";
import { RowsTab } from "./RowsTab.tsx";
import { StructureTab } from "./StructureTab.tsx";
import { hasRowsToEdit, tableKinds, tableLabel } from "./table.ts";
import { WriteToggle } from "./use-write-permission.tsx";

const ImportCsvDialog = lazyComponent(async () => (await import("./ImportCsvDialog.tsx")).ImportCsvDialog);

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
  const root = useRef<HTMLDivElement>(null);
  const [importing, setImporting] = useState<{ file: File | undefined }>();
  const startImport = async (file?: File) => {
    if (canWrite && (await permission.request())) setImporting({ file });
  };
  const { isOver } = useDroppedFiles(root, (files) => void startImport(files[0]));
  // Downloads carry no token that could be renewed: this renews the session first.
  const download = async () => {
    await api.users.me();
    downloadTable(params, { schema, name });
  };
  return (
    <div ref={root} className="relative flex min-h-0 min-w-0 flex-1 flex-col">
      <header className="flex h-10 min-w-0 flex-none items-center gap-2 border-b border-line-0 px-3 narrow:h-12 narrow:px-2">
        {isNarrow ? (
          <IconButton size="sm" label="Back to tables" onClick={() => place.change({ table: undefined, schema: undefined, tab: undefined })}>
            <ArrowLeft size={14} />
          </IconButton>
        ) : null}
        <h2 className="min-w-0 truncate font-mono text-sm" title={data ? tableKinds[data.kind] : undefined}>
          {tableLabel({ schema, name })}
        </h2>
        {data && data.size_bytes !== null && !isNarrow ? (
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
        <Menu
          label="Table actions"
          align="end"
          trigger={
            <IconButton size="sm" label="Import and export">
              <Ellipsis size={14} />
            </IconButton>
          }
          entries={[
            ...(canWrite ? [{ label: "Import CSV…", icon: <ArrowUpFromLine size={14} />, onSelect: () => void startImport() }] : []),
            {
              label: "Export as CSV",
              hint: "All rows",
              icon: <ArrowDownToLine size={14} />,
              onSelect: () =>
                void download().catch((error: unknown) => toastError(error, { before: "Couldn't export." })),
            },
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
        <RowsTab table={data} estimate={data.row_estimate} within={root} />
      )}
      {isOver && canWrite ? (
        <div className="pointer-events-none absolute inset-2 z-40 grid place-items-center rounded-3 border-2 border-dashed border-fg-0 bg-bg-1">
          <p className="text-md text-fg-0">{`Drop a CSV file to import it into ${name}`}</p>
        </div>
      ) : null}
      {importing && data ? (
        <Suspense>
          <ImportCsvDialog table={data} start={importing.file} onClose={() => setImporting(undefined)} />
        </Suspense>
      ) : null}
    </div>
  );
}
