import { useQuery } from "@tanstack/react-query";
import type { QueryPlan, SqlResult } from "@tesslate/contract";
import { ArrowDownToLine, ArrowLeft, ChevronLeft, ChevronRight, Play, Square, Waypoints } from "lucide-react";
import { useMemo, useRef, useState, type ReactNode } from "react";
import { counted } from "../../lib/counted.ts";
import { formatDuration } from "../../lib/durations.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { capsOf } from "../../lib/shortcut-keys.ts";
import { isString } from "../../lib/storage.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useKept } from "../../lib/use-kept.ts";
import { useServices } from "../../project/services.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Kbds } from "../../ui/Kbd.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { tabClass } from "../../ui/Tabs.tsx";
import { CellDialog } from "./CellDialog.tsx";
import type { GridRow } from "./cells.tsx";
import { useDatabase } from "./data-context.ts";
import { schemaQuery } from "./data.queries.ts";
import { sqlErrorOf } from "./DataError.tsx";
import { saveResponse } from "./download.ts";
import { Grid } from "./Grid.tsx";
import { HistoryMenu } from "./HistoryMenu.tsx";
import { PlanTree } from "./PlanTree.tsx";
import { statementAt, writes } from "./sql-statements.ts";
import { SqlEditor, type ChosenSql, type SqlEditorHandle, type SqlFault } from "./SqlEditor.tsx";
import { WriteToggle } from "./use-write-permission.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const pageRows = 100;

type Run =
  | { kind: "idle" }
  | { kind: "running"; what: "Running…" | "Explaining…"; abort: AbortController }
  | { kind: "results"; results: readonly SqlResult[]; duration: number; sql: string; skip: number; canPage: boolean }
  | { kind: "plan"; plan: QueryPlan }
  | { kind: "failed"; error: unknown; sql: string; offset: number }
  | { kind: "canceled" }
  | { kind: "refused" };

/** SQL: an editor above, results, errors and plans below. Statements run read-only unless changes are allowed. */
export function SqlView() {
  const { api } = useServices();
  const { database, params, permission, place } = useDatabase();
  const { compose } = useWorkbenchActions();
  const isNarrow = useIsNarrow();
  const schema = useQuery(schemaQuery(api, params.id, params.database_id)).data;
  const draft = useKept(`studio:sql:${params.id}:${params.database_id}`, isString, "");
  const editor = useRef<SqlEditorHandle>(null);
  const [run, setRun] = useState<Run>({ kind: "idle" });
  const [fault, setFault] = useState<SqlFault>();

  const fail = (error: unknown, { sql, offset }: ChosenSql) => {
    setRun({ kind: "failed", error, sql, offset });
    const details = sqlErrorOf(error);
    setFault(details?.position === undefined ? undefined : { position: offset + details.position, message: details.message });
  };
  const begin = (what: "Running…" | "Explaining…"): AbortSignal => {
    const abort = new AbortController();
    setFault(undefined);
    setRun({ kind: "running", what, abort });
    return abort.signal;
  };
  /** Undefined: changes were not allowed. */
  const send = async (sql: string, skip: number, signal: AbortSignal) => {
    const isWriting = writes(sql);
    if (!isWriting) {
      try {
        const body = { sql, limit: pageRows, ...(skip > 0 && { skip }) };
        return { ...(await api.databases.query({ params, body }, { signal })), canPage: true };
      } catch (error) {
        // A function or a common table expression that writes.
        if (!hasCode(error, "read_only_query")) throw error;
      }
    }
    if (!(await permission.request())) return undefined;
    return { ...(await api.databases.execute({ params, body: { sql, limit: pageRows, write: true } }, { signal })), canPage: false };
  };
  const start = async (chosen: ChosenSql, skip = 0) => {
    if (run.kind === "running" || !chosen.sql.trim()) return;
    const signal = begin("Running…");
    try {
      const answer = await send(chosen.sql, skip, signal);
      if (!answer) return setRun({ kind: "refused" });
      setRun({
        kind: "results",
        results: answer.results,
        duration: answer.duration_ms,
        sql: chosen.sql,
        skip,
        canPage: answer.canPage && answer.results.length === 1,
      });
    } catch (error) {
      if (signal.aborted) return setRun({ kind: "canceled" });
      fail(error, chosen);
    }
  };
  const explain = async (analyze: boolean) => {
    const chosen = editor.current?.chosen();
    if (!chosen || run.kind === "running") return;
    const statement =
      chosen.offset === 0 ? statementAt(chosen.sql, editor.current?.cursor() ?? 0) : { sql: chosen.sql, from: 0 };
    if (!statement?.sql.trim()) return;
    const one = { sql: statement.sql, offset: chosen.offset + statement.from };
    const signal = begin("Explaining…");
    try {
      setRun({ kind: "plan", plan: await api.databases.explain({ params, body: { sql: one.sql, analyze } }, { signal }) });
    } catch (error) {
      if (signal.aborted) setRun({ kind: "canceled" });
      else fail(error, one);
    }
  };
  const runChosen = () => {
    const chosen = editor.current?.chosen();
    if (chosen) void start(chosen);
  };
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div
        role="toolbar"
        aria-label="SQL"
        className="flex min-h-10 flex-none flex-wrap items-center gap-1 border-b border-line-0 px-3 py-1 narrow:px-2"
      >
        {isNarrow ? (
          <IconButton size="sm" label="Back to tables" onClick={() => place.change({ panel: undefined })}>
            <ArrowLeft size={14} />
          </IconButton>
        ) : null}
        {run.kind === "running" ? (
          <Button size="sm" icon={<Square size={12} />} onClick={() => run.abort.abort()}>
            Cancel
          </Button>
        ) : (
          <Button
            size="sm"
            variant="primary"
            icon={<Play size={12} />}
            keys={<Kbds caps={capsOf("$mod+Enter").flat()} />}
            onClick={runChosen}
          >
            Run
          </Button>
        )}
        {database.kind !== "sqlite" ? (
          <Menu
            label="Explain"
            trigger={
              <Button size="sm" variant="ghost" icon={<Waypoints size={14} />}>
                Explain
              </Button>
            }
            entries={[
              { label: "Show plan", hint: "The statement doesn't run", onSelect: () => void explain(false) },
              { label: "Run and show plan", hint: "With rows and times; read-only", onSelect: () => void explain(true) },
            ]}
          />
        ) : (
          <Button size="sm" variant="ghost" icon={<Waypoints size={14} />} onClick={() => void explain(false)}>
            Explain
          </Button>
        )}
        <span className="flex-1" />
        <HistoryMenu onChoose={(sql) => editor.current?.replace(sql)} />
        <WriteToggle permission={permission} />
      </div>
      <div className="flex h-2/5 min-h-24 flex-none flex-col border-b border-line-0">
        <SqlEditor
          ref={editor}
          kind={database.kind}
          schema={schema}
          start={draft.value}
          fault={fault}
          onChange={draft.write}
          onRun={runChosen}
        />
      </div>
      <div role="region" aria-label="Results" aria-busy={run.kind === "running"} className="flex min-h-0 min-w-0 flex-1 flex-col">
        {run.kind === "idle" ? (
          <EmptyState title="No results yet">
            Run everything, or only what you select. Statements run read-only until you allow changes, and stop after 30 seconds.
          </EmptyState>
        ) : run.kind === "running" ? (
          <div className="p-4 text-sm text-fg-2">
            <Spinner word={run.what} />
          </div>
        ) : run.kind === "results" ? (
          <Results
            key={`${run.sql}:${run.skip}`}
            run={run}
            onPage={(skip) => void start({ sql: run.sql, offset: 0 }, skip)}
          />
        ) : run.kind === "plan" ? (
          <PlanTree plan={run.plan} />
        ) : run.kind === "failed" ? (
          <SqlFailure error={run.error} sql={run.sql} onAsk={compose} />
        ) : run.kind === "canceled" ? (
          <EmptyState title="Query canceled">The database stopped it. Changes were undone.</EmptyState>
        ) : (
          <EmptyState title="Not run">These statements change data, and changes aren't allowed in this session.</EmptyState>
        )}
      </div>
    </div>
  );
}

function SqlFailure({ error, sql, onAsk }: { error: unknown; sql: string; onAsk: (text: string) => void }) {
  const details = sqlErrorOf(error);
  const line = details?.position === undefined ? undefined : sql.slice(0, details.position).split("\n").length;
  return (
    <div className="scroll-y min-h-0 flex-1 p-3">
      <Banner
        tone="err"
        action={
          <Button size="sm" onClick={() => onAsk(`This SQL fails with “${details?.message ?? sentenceOf(error)}”. Fix it:\n\n${sql.trim()}\n\n`)}>
            Ask the agent
          </Button>
        }
      >
        <span className="font-mono text-xs">{details?.message ?? sentenceOf(error)}</span>
        {details?.detail ? <span className="block pt-1 text-xs">{details.detail}</span> : null}
        {details?.hint ? <span className="block pt-1 text-xs">{details.hint}</span> : null}
        {hasCode(error, "query_timeout") ? <span className="block pt-1 text-xs">Add a LIMIT, or use Explain to find the slow step.</span> : null}
        {line !== undefined || details?.sqlstate ? (
          <span className="num block pt-1 text-2xs text-fg-2">
            {[line === undefined ? undefined : `Line ${line}`, details?.sqlstate && `SQLSTATE ${details.sqlstate}`].filter(Boolean).join(" · ")}
          </span>
        ) : null}
      </Banner>
    </div>
  );
}

/** A result in a few words: "SELECT · 12 rows". */
function resultLabel({ command, rows, has_more: hasMore, affected, columns }: SqlResult): string {
  if (affected !== null && columns.length === 0) return `${command} · ${counted(affected, "row")}`;
  if (columns.length === 0) return command;
  return `${command} · ${hasMore ? `first ${counted(rows.length, "row")}` : counted(rows.length, "row")}`;
}

function Results({ run, onPage }: { run: Extract<Run, { kind: "results" }>; onPage: (skip: number) => void }) {
  const { api } = useServices();
  const { params } = useDatabase();
  const [index, setIndex] = useState(run.results.length - 1);
  const [isExporting, setIsExporting] = useState(false);
  const [failure, setFailure] = useState<ReactNode>();
  const result = run.results[index];
  const canExport = run.results.length === 1 && run.canPage && (result?.columns.length ?? 0) > 0;
  const exportResult = async () => {
    setIsExporting(true);
    setFailure(undefined);
    try {
      await saveResponse(await api.databases.exportQuery({ params, body: { sql: run.sql } }), "query.csv");
    } catch (error) {
      setFailure(<ErrorSentence of={error} />);
    } finally {
      setIsExporting(false);
    }
  };
  return (
    <>
      <div className="flex h-9 flex-none items-center gap-2 border-b border-line-0 pr-2 pl-1 narrow:h-11">
        <div role="tablist" aria-label="Results" className="flex h-full min-w-0 items-stretch overflow-x-auto [scrollbar-width:none]">
          {run.results.map((one, at) => (
            <button
              key={at}
              type="button"
              role="tab"
              aria-selected={at === index}
              data-state={at === index ? "active" : "inactive"}
              onClick={() => setIndex(at)}
              className={`${tabClass} num`}
            >
              {resultLabel(one)}
            </button>
          ))}
        </div>
        <span className="flex-1" />
        <span role="status" className="num flex-none text-xs text-fg-2">
          {formatDuration(run.duration)}
        </span>
        {canExport ? (
          <Button
            size="sm"
            variant="ghost"
            icon={<ArrowDownToLine size={14} />}
            isLoading={isExporting}
            loadingWord="Exporting…"
            onClick={() => void exportResult()}
          >
            Export CSV
          </Button>
        ) : null}
      </div>
      {failure === undefined ? null : (
        <Banner tone="err" className="m-2 flex-none">
          {failure}
        </Banner>
      )}
      {result ? <ResultRows key={index} result={result} first={run.skip + 1} /> : <EmptyState title="No results" />}
      {result && run.canPage && (run.skip > 0 || result.has_more) ? (
        <nav aria-label="Pages" className="flex h-9 flex-none items-center gap-2 border-t border-line-0 px-3 text-xs text-fg-2">
          <span className="num">{`Rows ${formatNumber(run.skip + 1)}–${formatNumber(run.skip + result.rows.length)}`}</span>
          <span className="flex-1" />
          <IconButton
            size="sm"
            label="Previous page"
            disabled={run.skip === 0}
            onClick={() => onPage(Math.max(0, run.skip - pageRows))}
          >
            <ChevronLeft size={14} />
          </IconButton>
          <IconButton size="sm" label="Next page" disabled={!result.has_more} onClick={() => onPage(run.skip + result.rows.length)}>
            <ChevronRight size={14} />
          </IconButton>
        </nav>
      ) : null}
    </>
  );
}

function ResultRows({ result, first }: { result: SqlResult; first: number }) {
  const rows = useMemo(() => result.rows.map((row, index): GridRow => ({ id: String(index), ...row })), [result]);
  const [open, setOpen] = useState<{ row: GridRow; column: number }>();
  if (result.columns.length === 0)
    return (
      <EmptyState title={result.affected === null ? `${result.command} done` : `${counted(result.affected, "row")} changed`}>
        {`${result.command} took ${formatDuration(result.duration_ms)}.`}
      </EmptyState>
    );
  const column = open && result.columns[open.column];
  return (
    <>
      <Grid
        label={`Result of ${result.command}`}
        columns={result.columns}
        rows={rows}
        firstRow={first}
        rowCount={result.has_more ? undefined : first - 1 + rows.length}
        onShowAll={(row, at) => setOpen({ row, column: at })}
      >
        {rows.length === 0 ? (
          <EmptyState title="No rows" className="sticky left-0">
            The statement ran and returned no rows.
          </EmptyState>
        ) : null}
      </Grid>
      {open && column ? (
        <CellDialog
          title={column.name}
          kind={column.kind}
          load={async () => ({ value: open.row.cells[open.column] ?? null, bytes: null, is_truncated: open.row.truncated.includes(open.column) })}
          onClose={() => setOpen(undefined)}
        />
      ) : null}
    </>
  );
}
