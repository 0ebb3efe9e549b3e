import type { SqlErrorDetails } from "@tesslate/contract";
import { AppError, InvalidInput } from "../../../../platform/errors.ts";

/** Fields of an error message of PostgreSQL. */
interface DatabaseFailure extends Error {
  code?: string;
  position?: string;
  detail?: string;
  hint?: string;
  where?: string;
  severity?: string;
}
const isFailure = (error: unknown): error is DatabaseFailure => error instanceof Error;
/** SQLSTATE; undefined if the error is not one of the database. */
export const sqlState = (error: unknown): string | undefined =>
  isFailure(error) && error.severity !== undefined && /^[0-9A-Z]{5}$/.test(error.code ?? "") ? error.code : undefined;

/** Wrong password or unknown role. */
export const isLoginRefused = (error: unknown): boolean => ["28P01", "28000"].includes(sqlState(error) ?? "");

/** A failed connection. The reason is only logged, because it names the address. */
export function unreachable(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const message = isLoginRefused(error)
    ? "The database refused the password of its container. If you changed POSTGRES_PASSWORD, restart the container."
    : sqlState(error) === "3D000"
      ? "The database of this container does not exist. If you changed POSTGRES_DB, restart the container."
      : sqlState(error) === "53300"
        ? "The database has no free connections. Stop what uses them, or restart the container."
        : "The database didn't respond. Look at the logs of its container.";
  return new AppError("database_unreachable", message, { cause: error });
}

const maxText = 4_000;
const bounded = (text: string): string => (text.length > maxText ? `${text.slice(0, maxText)}…` : text);

/** An error of the socket, or the library's own about its connection. */
const isConnectionFailure = ({ code, message }: DatabaseFailure): boolean =>
  /^E[A-Z]{3,}$/.test(code ?? "") || /connection|timeout|not queryable|invalid message|premature close/i.test(message);

/** The details of an error for people. `offset`: of the statement in the given SQL. */
export function detailsOf(error: unknown, offset = 0): SqlErrorDetails {
  const { message, position, detail, hint } = error as DatabaseFailure;
  const sqlstate = sqlState(error);
  return {
    message: bounded(message),
    ...(sqlstate && { sqlstate }),
    ...(position && { position: offset + Number(position) - 1 }),
    ...(detail && { detail: bounded(detail) }),
    ...(hint && { hint: bounded(hint) }),
  };
}

/**
 * Converts an error of a statement. `readOnly`: it ran in a transaction that cannot write. `statement`: its index, `offset`: its place in the
 * given SQL.
 */
export function failureOf(
  error: unknown,
  { readOnly = false, statement, offset }: { readOnly?: boolean; statement?: number; offset?: number } = {},
): unknown {
  if (error instanceof AppError || error instanceof InvalidInput) return error;
  const state = sqlState(error);
  if (state === undefined) {
    if (isFailure(error) && /larger than \d+ MiB/.test(error.message))
      return new AppError("payload_too_large", "A row is larger than 16 MiB. Select fewer columns, or parts of the values with left().", {
        cause: error,
      });
    return isFailure(error) && isConnectionFailure(error) ? unreachable(error) : error;
  }
  const details = { ...detailsOf(error, offset), ...(statement !== undefined && { statement }) };
  const { message } = details;
  if (state === "57014") return new AppError("query_timeout", "The query was stopped because it took too long.", { cause: error });
  if (state === "55P03")
    return new AppError("table_locked", "The table is locked by another transaction. Try again later.", { cause: error });
  if (state.startsWith("57P") || state.startsWith("08")) return unreachable(error);
  if (readOnly && (state === "25006" || state === "42501"))
    return new AppError("read_only_query", `Queries can't change data here: ${message}`, { cause: error, details: { ...details } });
  return new AppError("sql_error", sentenceOf(message), { cause: error, details: { ...details } });
}
/** The database's message as a sentence. */
const sentenceOf = (message: string): string => {
  const text = `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
  return /[.!?…]$/.test(text) ? text : `${text}.`;
};
