import type { Readable } from "node:stream";
import type {
  ChangedRows,
  DataChange,
  DataFilter,
  DataSchema,
  DataTable,
  QueryPlan,
  ReadRows,
  RowPage,
  SqlResults,
  TableStructure,
} from "@tesslate/contract";
import { AppError } from "../../../platform/errors.ts";

export interface TableName {
  schema: string;
  table: string;
}
export interface Filtered extends TableName {
  filters?: DataFilter[];
  match?: "all" | "any";
}
/** Options of a CSV file. `columns`: for each of its fields a column of the table, or null for one that is left out. */
export interface ImportOptions extends TableName {
  columns: (string | null)[] | undefined;
  hasHeader: boolean;
  delimiter: string;
}

/**
 * Reads and changes one database. Errors are `AppError`s of the contract's `databases` routes. An abort cancels the statement in the
 * database and rejects with `query_canceled`.
 */
export interface DatabaseEngine {
  tables(signal: AbortSignal): Promise<DataTable[]>;
  schema(signal: AbortSignal): Promise<DataSchema>;
  structure(table: TableName, signal: AbortSignal): Promise<TableStructure>;
  rows(request: ReadRows, signal: AbortSignal): Promise<RowPage>;
  cell(
    request: TableName & { key: Record<string, string>; column: string },
    signal: AbortSignal,
  ): Promise<{ value: string | null; bytes: number | null; is_truncated: boolean }>;
  /** Null after 10 seconds. */
  count(request: Filtered, signal: AbortSignal): Promise<number | null>;
  change(changes: readonly DataChange[], signal: AbortSignal): Promise<ChangedRows>;
  /** Without `write` the statements cannot change anything, whatever they call. */
  run(request: { sql: string; limit: number; skip: number; timeoutMs: number; write: boolean }, signal: AbortSignal): Promise<SqlResults>;
  explain(request: { sql: string; analyze: boolean }, signal: AbortSignal): Promise<QueryPlan>;
  /** CSV with a header. Throws before the first byte if the table or query is wrong; a later failure destroys the stream. */
  export(what: TableName | { sql: string }, signal: AbortSignal): Promise<Readable>;
  /** All rows or none. Throws `import_failed` with the place in the file. */
  import(options: ImportOptions, data: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<{ rows: number }>;
}

/** Most bytes of the cells of one page or result; it ends early at that. */
export const maxPageBytes = 4 * 1024 * 1024;
export const browseTimeoutMs = 15_000;
export const countTimeoutMs = 10_000;
export const changeTimeoutMs = 30_000;
/** Of an export or import. */
export const copyTimeoutMs = 30 * 60_000;
/** Statements of one request. */
export const maxStatements = 50;

export const canceled = (cause?: unknown): AppError => new AppError("query_canceled", "The query was canceled.", { cause });
export const timedOut = (ms: number, cause?: unknown): AppError =>
  new AppError("query_timeout", `The query took longer than ${ms / 1000} s. Add a filter or a limit, or run it with a longer time limit.`, {
    cause,
  });
