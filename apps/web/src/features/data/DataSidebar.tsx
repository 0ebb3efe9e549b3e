import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { DataEnvironment, DataSource, DataTable } from "@tesslate/contract";
import { Database, Eye, FileSpreadsheet, Gauge, Search, SquareTerminal, Table2, Workflow } from "lucide-react";
import { useRef, useState, type ReactNode } from "react";
import { cx } from "../../lib/cx.ts";
import { formatCompact, formatNumber } from "../../lib/numbers.ts";
import { useSearchText } from "../../lib/use-search-text.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { Input } from "../../ui/Input.tsx";
import { Select } from "../../ui/Select.tsx";
import { Dot, type DotShape, type Tone } from "../../ui/Pill.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { useDatabase } from "./data-context.ts";
import { listedTables, tablesQuery } from "./data.queries.ts";
import { DataError } from "./DataError.tsx";
import { environmentNames, environmentsOf } from "./environments.ts";
import { RedisKeys } from "./RedisKeys.tsx";
import { isReadable } from "./states.ts";
import { tableKinds } from "./table.ts";

const looks: Record<DataSource["state"], { shape: DotShape; tone: Tone; word: string }> = {
  ready: { shape: "filled", tone: "ok", word: "ready" },
  asleep: { shape: "half", tone: "neutral", word: "frozen" },
  starting: { shape: "half", tone: "live", word: "starting" },
  stopped: { shape: "ring", tone: "neutral", word: "stopped" },
  failed: { shape: "ring", tone: "err", word: "failed" },
  unsupported: { shape: "square", tone: "neutral", word: "can't be opened" },
};

/** Databases with their state, and the tables and views of the open one. */
export function DataSidebar({ databases }: { databases: readonly DataSource[] }) {
  const { database, place } = useDatabase();
  const [q, setQ] = useState("");
  const [text, setText] = useSearchText(q, setQ);
  const box = useRef<HTMLInputElement>(null);
  useShortcuts({ "data.search": () => box.current?.focus() });
  const { panel } = place.search;
  const open = (next: "sql" | "relations" | "console" | "figures") => place.change({ panel: next, key: undefined, bytes: undefined, table: undefined, schema: undefined, tab: undefined, filters: undefined, sort: undefined, match: undefined });
  const environments = environmentsOf(databases);
  const shown = databases.filter(({ environment }) => environment === database.environment);
  const openDatabase = (id: string) =>
    place.change({
      database: id,
      schema: undefined,
      table: undefined,
      tab: undefined,
      panel: undefined,
      key: undefined,
      bytes: undefined,
      filters: undefined,
      sort: undefined,
      match: undefined,
    });
  const openEnvironment = (environment: DataEnvironment) => {
    const there = databases.filter((one) => one.environment === environment);
    const next = there.find(({ container_id }) => container_id !== null && container_id === database.container_id) ?? there[0];
    if (next) openDatabase(next.id);
  };
  return (
    <nav
      aria-label="Databases and tables"
      className={cx(
        "flex w-60 min-w-0 flex-none flex-col border-r border-line-0 narrow:w-full narrow:border-r-0",
        isReadable(database) ? "narrow:min-h-0 narrow:flex-1" : "narrow:border-b",
      )}
    >
      {environments.length > 1 ? (
        <div className="flex-none border-b border-line-0 p-1.5">
          <Select
            label="Environment"
            value={database.environment}
            onChange={(next) => openEnvironment(next as DataEnvironment)}
            options={environments.map((one) => ({ value: one, label: environmentNames[one] }))}
          />
        </div>
      ) : null}
      <ul aria-label="Databases" className="flex max-h-40 flex-none flex-col scroll-y p-1.5">
        {shown.map((one) => {
          const look = looks[one.state];
          return (
            <li key={one.id}>
              <Row
                isCurrent={one.id === database.id}
                icon={one.kind === "sqlite" ? <FileSpreadsheet size={14} /> : <Database size={14} />}
                onClick={() => openDatabase(one.id)}
                end={
                  <span className="inline-flex flex-none items-center gap-1.5 text-2xs text-fg-2">
                    {one.state === "ready" ? <span className="sr-only">{look.word}</span> : look.word}
                    <Dot shape={look.shape} tone={look.tone} />
                  </span>
                }
              >
                <span className={one.kind === "sqlite" ? "font-mono text-xs" : undefined}>{one.name}</span>
              </Row>
            </li>
          );
        })}
      </ul>
      {isReadable(database) && database.kind === "redis" ? (
        <>
          <div className="grid flex-none gap-px border-t border-line-0 p-1.5">
            <Row isCurrent={panel === "console"} icon={<SquareTerminal size={14} />} onClick={() => open("console")}>
              Console
            </Row>
            <Row isCurrent={panel === "figures"} icon={<Gauge size={14} />} onClick={() => open("figures")}>
              Figures
            </Row>
          </div>
          <RedisKeys />
        </>
      ) : isReadable(database) ? (
        <>
          <div className="grid flex-none gap-px border-t border-line-0 p-1.5">
            <Row isCurrent={panel === "sql"} icon={<SquareTerminal size={14} />} onClick={() => open("sql")}>
              SQL
            </Row>
            <Row isCurrent={panel === "relations"} icon={<Workflow size={14} />} onClick={() => open("relations")}>
              Relations
            </Row>
          </div>
          <div className="flex-none border-t border-line-0 p-1.5">
            <Input
              ref={box}
              size="sm"
              isSoft
              type="search"
              aria-label="Search tables"
              placeholder="Search tables"
              maxLength={200}
              value={text}
              onChange={(event) => setText(event.target.value)}
              leading={<Search size={14} className="flex-none text-fg-2" />}
            />
          </div>
          <Tables q={q} clear={() => setText("")} />
        </>
      ) : null}
    </nav>
  );
}

function Tables({ q, clear }: { q: string; clear: () => void }) {
  const { api } = useServices();
  const { database, params, place } = useDatabase();
  const tables = useQuery({ ...tablesQuery(api, params.id, params.database_id, q), placeholderData: keepPreviousData });
  if (tables.isPending)
    return <SkeletonRows count={6} label={database.state === "asleep" ? "Waking the project…" : "Loading tables…"} className="p-3" />;
  if (!tables.data) return <DataError title="Couldn't load tables" of={tables} className="p-3!" />;
  const { items, total } = tables.data;
  if (items.length === 0)
    return (
      <div className="grid justify-items-start gap-2 p-3 text-xs leading-read text-fg-2">
        {q === "" ? (
          "No tables yet. They appear here when your app or a migration creates them."
        ) : (
          <>
            {`No results for “${q}”`}
            <Button size="sm" onClick={clear}>
              Clear search
            </Button>
          </>
        )}
      </div>
    );
  const schemas = [...new Set(items.map(({ schema }) => schema))];
  const { search } = place;
  const isCurrent = (table: DataTable) => search.panel === undefined && search.table === table.name && search.schema === table.schema;
  return (
    <div className="scroll-y min-h-0 flex-1 p-1.5" aria-busy={tables.isFetching}>
      {schemas.map((schema) => (
        <section key={schema} aria-label={`Schema ${schema}`}>
          {schemas.length > 1 || (database.kind === "postgres" && schema !== "public") ? (
            <h3 className="truncate px-2 pt-2 pb-1 text-2xs font-medium text-fg-2">{schema}</h3>
          ) : null}
          <ul aria-label="Tables">
            {items
              .filter((table) => table.schema === schema)
              .map((table) => (
                <li key={table.name}>
                  <Row
                    isCurrent={isCurrent(table)}
                    icon={table.kind === "view" || table.kind === "materialized_view" ? <Eye size={14} /> : <Table2 size={14} />}
                    title={[tableKinds[table.kind], table.comment].filter(Boolean).join("\n")}
                    onClick={() => place.openTable(table)}
                    end={
                      table.row_estimate === null ? null : (
                        <span className="num flex-none text-2xs text-fg-2" title={`About ${formatNumber(table.row_estimate)} rows`}>
                          {formatCompact(table.row_estimate)}
                        </span>
                      )
                    }
                  >
                    <span className="font-mono text-xs">{table.name}</span>
                  </Row>
                </li>
              ))}
          </ul>
        </section>
      ))}
      {total > items.length ? (
        <p className="p-2 text-xs leading-read text-fg-2">
          {`The first ${formatNumber(listedTables)} of ${formatNumber(total)} tables. Search to find the others.`}
        </p>
      ) : null}
    </div>
  );
}

const Row = ({
  isCurrent,
  icon,
  title,
  onClick,
  end,
  children,
}: {
  isCurrent: boolean;
  icon: ReactNode;
  title?: string;
  onClick: () => void;
  end?: ReactNode;
  children: ReactNode;
}) => (
  <button
    type="button"
    aria-current={isCurrent || undefined}
    title={title}
    onClick={onClick}
    className={cx(
      "flex h-6.5 w-full min-w-0 items-center gap-2 rounded-1 px-2 text-left text-sm text-fg-1 hover:bg-bg-2 focus-visible:-outline-offset-2 narrow:h-11",
      "aria-current:bg-bg-3 aria-current:text-fg-0",
    )}
  >
    <span className="flex-none text-fg-2">{icon}</span>
    <span className="min-w-0 flex-1 truncate">{children}</span>
    {end}
  </button>
);
