import type { DataSource } from "@tesslate/contract";
import { Suspense, useMemo, type ReactNode } from "react";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { lazyComponent } from "../../lib/chunks.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { useContainers, useProject, useProjectQuery } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { canStart, useContainerActions } from "../containers/index.ts";
import { AddDatabase } from "./AddDatabase.tsx";
import { DataContext } from "./data-context.ts";
import { databasesQuery } from "./data.queries.ts";
import { DataSidebar } from "./DataSidebar.tsx";
import { environmentNames, environmentsOf } from "./environments.ts";
import { isReadable } from "./states.ts";
import { TableView } from "./TableView.tsx";
import { useDataPlace, useLastPlace, type DataPlace } from "./use-data-place.ts";
import { useRowChanges } from "./use-row-changes.ts";
import { useWritePermission } from "./use-write-permission.tsx";

const SqlView = lazyComponent(async () => (await import("./SqlView.tsx")).SqlView);
const RedisView = lazyComponent(async () => (await import("./RedisView.tsx")).RedisView);
const RelationsView = lazyComponent(async () => (await import("./RelationsView.tsx")).RelationsView);

/** The databases of the project: tables, rows, structure, SQL. */
export function DataPane() {
  const project = useProject();
  const { api } = useServices();
  const databases = useProjectQuery(databasesQuery(api, project.id));
  if (!databases.data)
    return databases.error ? (
      <LoadFailed title="Couldn't load databases" of={databases} />
    ) : (
      <SkeletonRows count={8} label="Loading databases…" className="p-4" />
    );
  if (databases.data.length === 0) return <AddDatabase />;
  return <Databases databases={databases.data} />;
}

function Databases({ databases }: { databases: readonly DataSource[] }) {
  const place = useDataPlace();
  useLastPlace(place);
  const own = databases.filter(({ environment }) => environment === "development");
  // The data of a deployment is opened only on request.
  const database = databases.find(({ id }) => id === place.search.database) ?? own.find(isReadable) ?? own[0] ?? databases[0];
  if (!database) return null;
  return <OpenDatabase key={database.id} database={database} databases={databases} place={place} />;
}

function OpenDatabase({
  database,
  databases,
  place,
}: {
  database: DataSource;
  databases: readonly DataSource[];
  place: DataPlace;
}) {
  const project = useProject();
  const isNarrow = useIsNarrow();
  const permission = useWritePermission(project.id, database);
  const params = useMemo(() => ({ id: project.id, database_id: database.id }), [project.id, database.id]);
  const changes = useRowChanges(params, permission.request);
  const open = { database, params, place, permission, changes };
  useShortcuts({ "data.undo": () => void changes.undo(), "data.redo": () => void changes.redo() });
  const { search } = place;
  const isDetail = search.panel !== undefined || search.table !== undefined || search.key !== undefined;
  return (
    <DataContext value={open}>
      <section aria-label="Data" className="flex min-h-0 min-w-0 flex-1 narrow:flex-col">
        {isNarrow && isDetail && isReadable(database) ? null : <DataSidebar databases={databases} />}
        {isNarrow && !isDetail && isReadable(database) ? null : (
          <div className="flex min-h-0 min-w-0 flex-1 flex-col">
            {/* On wide screens the sidebar says it. */}
            {isNarrow && isDetail && environmentsOf(databases).length > 1 ? (
              <p className="flex-none truncate border-b border-line-0 bg-bg-2 px-3 py-1 text-xs text-fg-1">
                <span className="sr-only">Environment: </span>
                <b className="font-medium text-fg-0">{environmentNames[database.environment]}</b> · {database.name}
              </p>
            ) : null}
            {isReadable(database) ? (
              <Suspense
                fallback={
                  <div className="p-4 text-sm text-fg-2">
                    <Spinner word="Loading…" />
                  </div>
                }
              >
                {database.kind === "redis" ? (
                  <RedisView />
                ) : search.panel === "sql" ? (
                  <SqlView />
                ) : search.panel === "relations" ? (
                  <RelationsView />
                ) : (
                  <TableView />
                )}
              </Suspense>
            ) : (
              <Unreadable database={database} />
            )}
          </div>
        )}
        {permission.dialog}
      </section>
    </DataContext>
  );
}

function titleOf(name: string, state: DataSource["state"]): string {
  if (state === "unsupported") return `${name} can't be opened here`;
  if (state === "failed") return `${name} failed to start`;
  return state === "starting" ? `${name} is starting` : `${name} is stopped`;
}

/** Why a database cannot be read, and what helps. */
function Unreadable({ database }: { database: DataSource }) {
  const project = useProject();
  const containers = useContainers();
  const { openLogs, compose } = useWorkbenchActions();
  const actions = useContainerActions(project.id);
  const isDeployed = database.environment !== "development";
  const container = isDeployed ? undefined : containers.find(({ id }) => id === database.container_id);
  const isStarting = database.state === "starting" || (container !== undefined && actions.isActing(container.id));
  let action: ReactNode;
  if (isStarting) action = <Spinner word={`Starting ${database.name}…`} />;
  else if (container && canStart(container))
    action = (
      <div className="flex flex-wrap gap-2">
        <Button variant="primary" onClick={() => actions.start(container.id)}>
          {`Start ${database.name}`}
        </Button>
        {database.state === "failed" ? (
          <>
            <Button onClick={() => openLogs(container.id)}>Show logs</Button>
            <Button onClick={() => compose(`${database.name} fails to start. Find out why and fix it. `)}>Ask the agent</Button>
          </>
        ) : null}
      </div>
    );
  return (
    <EmptyState title={titleOf(database.name, isStarting ? "starting" : database.state)} action={action}>
      {isStarting
        ? "Its tables appear here as soon as it accepts connections."
        : (database.state === "stopped" && !isDeployed) || database.message === null
          ? "Start it to see its tables and rows."
          : database.message}
    </EmptyState>
  );
}
