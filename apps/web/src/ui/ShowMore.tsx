import { Button } from "./Button.tsx";
import { ErrorSentence } from "../ui/HelpLink.tsx";

export interface ShowMoreProps {
  /** The paginated query. */
  of: { hasNextPage: boolean; isFetchingNextPage: boolean; isFetchNextPageError: boolean; error: unknown; fetchNextPage: () => unknown };
  children?: string;
}

/** Loads the next page of a list and shows why that failed. Renders nothing at the end of the list. */
export function ShowMore({
  of: { hasNextPage, isFetchingNextPage, isFetchNextPageError, error, fetchNextPage },
  children = "Show more",
}: ShowMoreProps) {
  if (!hasNextPage) return null;
  return (
    <div className="grid place-items-center gap-2 py-3">
      {isFetchNextPageError ? (
        <p role="alert" className="text-sm text-err">
          <ErrorSentence of={error} />
        </p>
      ) : null}
      <Button size="sm" isLoading={isFetchingNextPage} loadingWord="Loading…" onClick={() => void fetchNextPage()}>
        {children}
      </Button>
    </div>
  );
}
