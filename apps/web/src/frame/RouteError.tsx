import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import { useRouter, type ErrorComponentProps } from "@tanstack/react-router";
import { useEffect } from "react";
import { ChunkLoadError } from "../lib/chunks.ts";
import { helpOfError } from "../lib/error-help.ts";
import { detailsOf, hasCode, sentenceOf } from "../lib/errors.ts";
import { usePageTitle } from "../lib/page-title.ts";
import { ErrorState } from "../ui/ErrorState.tsx";
import { NotFoundPage } from "../ui/page/NotFoundPage.tsx";
import { ChunkErrorState } from "../ui/ChunkErrorState.tsx";

/** Error boundary of a route: the rest of the frame stays usable, Retry loads the route again. */
export function RouteError({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const queries = useQueryErrorResetBoundary();
  const isMissing = hasCode(error, "not_found");
  usePageTitle(isMissing ? "Not found" : "Something went wrong");
  useEffect(() => queries.reset(), [queries]);
  if (isMissing) return <NotFoundPage />;
  return (
    <main id="main" tabIndex={-1} className="scroll-y grid min-h-0 flex-1 place-items-center p-4 outline-none">
      {error instanceof ChunkLoadError ? (
        <ChunkErrorState error={error} />
      ) : (
        <ErrorState
          title="Couldn't load this page"
          onRetry={() => {
            reset();
            void router.invalidate();
          }}
          details={detailsOf(error)}
          help={helpOfError(error)}
        >
          {sentenceOf(error)}
        </ErrorState>
      )}
    </main>
  );
}
