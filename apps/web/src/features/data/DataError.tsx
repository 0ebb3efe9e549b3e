import type { SqlErrorDetails } from "@tesslate/contract";
import { ApiError } from "@tesslate/client/core";
import { detailsOf, hasCode } from "../../lib/errors.ts";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

/** What the database said about a statement; undefined if the error is none of the database's. */
export function sqlErrorOf(error: unknown): SqlErrorDetails | undefined {
  if (!(error instanceof ApiError) || (error.code !== "sql_error" && error.code !== "import_failed")) return undefined;
  return typeof error.details?.["message"] === "string" ? (error.details as unknown as SqlErrorDetails) : undefined;
}

/** Why reading a database failed: the reason, the database's hint, and Retry. */
export function DataError({
  title,
  of: { error, refetch, isFetching },
  className,
}: {
  title: string;
  of: { error: unknown; refetch: () => unknown; isFetching: boolean };
  className?: string;
}) {
  const sql = sqlErrorOf(error);
  const shown = hasCode(error, "table_locked")
    ? "This table is locked"
    : hasCode(error, "query_timeout")
      ? "The query reached its time limit"
      : title;
  return (
    <ErrorState
      title={shown}
      onRetry={() => void refetch()}
      isRetrying={isFetching}
      details={[sql?.sqlstate && `sqlstate: ${sql.sqlstate}`, detailsOf(error)].filter(Boolean).join("\n")}
      {...(className !== undefined && { className })}
    >
      <ErrorSentence of={error} />
      {sql?.detail ? <span className="block pt-1">{sql.detail}</span> : null}
      {sql?.hint ? <span className="block pt-1">{sql.hint}</span> : null}
      {hasCode(error, "query_timeout") ? <span className="block pt-1">Add a filter, or sort by a column with an index.</span> : null}
    </ErrorState>
  );
}
