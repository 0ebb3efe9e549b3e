import type { SqlErrorDetails } from "@tesslate/contract";
import { AppError, InvalidInput } from "../../../../platform/errors.ts";

/** An error message of MySQL or MariaDB, or of the library. */
interface DatabaseFailure extends Error {
  errno?: number;
  code?: string;
  sqlState?: string;
  sqlMessage?: string;
}
const isFailure = (error: unknown): error is DatabaseFailure => error instanceof Error;
/** The number of an error that the database sent; undefined for others. */
export const errorNumber = (error: unknown): number | undefined =>
  isFailure(error) && error.sqlMessage !== undefined && typeof error.errno === "number" ? error.errno : undefined;

const maxText = 1_000;
const loginRefused = [1044, 1045, 1698];
const lockWaits = [1205, 1213, 3572];
const interrupted = [1317];
const tooSlow = [1969, 3024];
const noRight = [1044, 1045, 1142, 1143, 1227, 1370, 1410, 1792];
const shuttingDown = [1053, 1152, 1927, 4031];
const tooManyConnections = [1040, 1203];

export const isLoginRefused = (error: unknown): boolean => loginRefused.includes(errorNumber(error) ?? 0);

/** A failed connection. The reason is only logged, because it names the address. */
export function unreachable(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const message = isLoginRefused(error)
    ? "The database refused the password of its container. If you changed it, restart the container."
    : errorNumber(error) === 1049
      ? "The database of this container does not exist. If you changed MYSQL_DATABASE, restart the container."
      : tooManyConnections.includes(errorNumber(error) ?? 0)
        ? "The database has no free connections. Stop what uses them, or restart the container."
        : "The database didn't respond. Look at the logs of its container.";
  return new AppError("database_unreachable", message, { cause: error });
}

/** Where a syntax error is: the database quotes the text from there on, and names the line. */
function positionOf(message: string, sql: string): number | undefined {
  const [, near, line] = /near '([\s\S]*)' at line (\d+)$/.exec(message) ?? [];
  if (near === undefined) {
    const [, name] = /(?:Unknown column|Table) '([^']+)'/.exec(message) ?? [];
    const last = name?.split(".").at(-1);
    const at = last === undefined ? -1 : sql.indexOf(last);
    return at >= 0 ? at : undefined;
  }
  if (near === "") return sql.length;
  const start = sql
    .split("\n")
    .slice(0, Number(line) - 1)
    .join("\n").length;
  const at = sql.indexOf(near, start > 0 ? start : 0);
  return at >= 0 ? at : undefined;
}

/** The details of an error for people. `offset`: of the statement `sql` in the given SQL. */
export function detailsOf(error: unknown, { offset = 0, sql }: { offset?: number; sql?: string } = {}): SqlErrorDetails {
  const { sqlMessage, message, sqlState } = error as DatabaseFailure;
  const text = (sqlMessage ?? message).slice(0, maxText);
  const position = sql === undefined ? undefined : positionOf(sqlMessage ?? message, sql);
  return { message: text, ...(sqlState && { sqlstate: sqlState }), ...(position !== undefined && { position: offset + position }) };
}

/** Converts an error of a statement. `readOnly`: it ran as the reader. `statement`: its index; `sql` and `offset`: its text and place. */
export function failureOf(
  error: unknown,
  { readOnly = false, statement, offset, sql }: { readOnly?: boolean; statement?: number; offset?: number; sql?: string } = {},
): unknown {
  if (error instanceof AppError || error instanceof InvalidInput) return error;
  const number = errorNumber(error);
  if (number === undefined) {
    if (isFailure(error) && /larger than \d+ MiB/.test(error.message))
      return new AppError("payload_too_large", "A row is larger than 16 MiB. Select fewer columns, or parts of the values with LEFT().", {
        cause: error,
      });
    return isFailure(error) && (error.code !== undefined || /closed state|malformed|packet/i.test(error.message))
      ? unreachable(error)
      : error;
  }
  const details = {
    ...detailsOf(error, { ...(offset !== undefined && { offset }), ...(sql !== undefined && { sql }) }),
    ...(statement !== undefined && { statement }),
  };
  const { message } = details;
  if (lockWaits.includes(number))
    return new AppError("table_locked", "The table is locked by another transaction. Try again later, or end that transaction.", {
      cause: error,
    });
  if (tooSlow.includes(number) || interrupted.includes(number))
    return new AppError("query_timeout", "The query was stopped because it took too long.", { cause: error });
  if (shuttingDown.includes(number)) return unreachable(error);
  if (readOnly && noRight.includes(number))
    return new AppError("read_only_query", `Queries can't change data here: ${message}`, { cause: error, details: { ...details } });
  return new AppError("sql_error", /[.!?…]$/.test(message) ? message : `${message}.`, { cause: error, details: { ...details } });
}
