import { detailsOf, sentenceOf } from "../lib/errors.ts";
import { Banner } from "./Banner.tsx";
import { Button } from "./Button.tsx";
import { ErrorState } from "./ErrorState.tsx";

export interface LoadFailedProps {
  /** What could not be read, as a sentence. */
  title: string;
  /** The query that failed. */
  of: { error: unknown; refetch: () => unknown; isFetching?: boolean };
  className?: string;
}

/** In place of what a query should have brought: why it did not, and another try. */
export function LoadFailed({ title, of: { error, refetch, isFetching = false }, className }: LoadFailedProps) {
  return (
    <ErrorState
      title={title}
      onRetry={() => void refetch()}
      isRetrying={isFetching}
      details={detailsOf(error)}
      {...(className !== undefined && { className })}
    >
      {sentenceOf(error)}
    </ErrorState>
  );
}

/** Above what a query brought earlier, when it could not be read again. */
export function ShownFromBefore({ of: { error, refetch, isFetching = false }, className }: Omit<LoadFailedProps, "title">) {
  return (
    <Banner
      tone="err"
      action={
        <Button size="sm" onClick={() => void refetch()} isLoading={isFetching} loadingWord="Retrying">
          Retry
        </Button>
      }
      {...(className !== undefined && { className })}
    >
      {sentenceOf(error)} What you see is from before.
    </Banner>
  );
}
