import { helpOfError } from "../lib/error-help.ts";
import { detailsOf, sentenceOf } from "../lib/errors.ts";
import { Banner } from "./Banner.tsx";
import { Button } from "./Button.tsx";
import { ErrorState } from "./ErrorState.tsx";

export interface LoadFailedProps {
  /** "Couldn't load X". */
  title: string;
  /** The query that failed. */
  of: { error: unknown; refetch: () => unknown; isFetching?: boolean };
  className?: string;
}

/** Shown in place of the data of a failed query: reason and Retry. */
export function LoadFailed({ title, of: { error, refetch, isFetching = false }, className }: LoadFailedProps) {
  return (
    <ErrorState
      title={title}
      onRetry={() => void refetch()}
      isRetrying={isFetching}
      details={detailsOf(error)}
      help={helpOfError(error)}
      {...(className !== undefined && { className })}
    >
      {sentenceOf(error)}
    </ErrorState>
  );
}

/** Shown above the earlier data of a query that failed to reload. */
export function ShownFromBefore({ of: { error, refetch, isFetching = false }, className }: Omit<LoadFailedProps, "title">) {
  return (
    <Banner
      tone="err"
      action={
        <Button size="sm" onClick={() => void refetch()} isLoading={isFetching} loadingWord="Retrying…">
          Retry
        </Button>
      }
      {...(className !== undefined && { className })}
    >
      {sentenceOf(error)} The data shown may be out of date.
    </Banner>
  );
}
