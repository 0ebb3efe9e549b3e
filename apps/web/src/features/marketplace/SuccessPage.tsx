import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect } from "react";
import { api } from "../../api.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Page } from "../../ui/page/Page.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { useMarketplaceChanged } from "./marketplace.queries.ts";

const route = getRouteApi("/app/marketplace/success");

/** The page after checkout: checks whether the payment arrived, and shows the result. */
export function SuccessPage() {
  const { session_id, agent, base } = route.useSearch();
  const changed = useMarketplaceChanged();
  const query = useQuery({
    queryKey: ["purchase", session_id],
    queryFn: () => api.purchases.verify({ body: { session_id } }),
    enabled: session_id !== "",
    staleTime: Number.POSITIVE_INFINITY,
  });
  const isThere = query.data?.in_library === true;
  useEffect(() => {
    if (isThere) void changed();
    // Once, when the payment has arrived.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isThere]);
  const back = agent ? (
    <Link to="/marketplace/agent/$slug" params={{ slug: agent }} className={buttonClass()}>
      View agent
    </Link>
  ) : base ? (
    <Link to="/marketplace/base/$slug" params={{ slug: base }} className={buttonClass()}>
      View template
    </Link>
  ) : null;
  return (
    <Page title="Payment" heading="Payment" width="reading">
      {session_id === "" ? (
        <EmptyState className="px-0" title="Payment not found" action={back}>
          The URL has no payment ID.
        </EmptyState>
      ) : query.isPending ? (
        <Spinner word="Checking payment…" />
      ) : query.error ? (
        <LoadFailed className="px-0" title="Couldn't load the payment" of={query} />
      ) : isThere ? (
        <EmptyState
          className="px-0"
          title="Added to your library"
          action={
            <div className="flex gap-2">
              {agent ? (
                <Link to="/marketplace/agent/$slug" params={{ slug: agent }} className={buttonClass({ variant: "primary" })}>
                  Use in a project
                </Link>
              ) : (
                back
              )}
              <Link to="/library" className={buttonClass()}>
                Open library
              </Link>
            </div>
          }
        >
          Thank you for your purchase. You can now use it in all your projects.
        </EmptyState>
      ) : (
        <EmptyState
          className="px-0"
          title="Payment is processing"
          action={
            <div className="flex gap-2">
              <Button isLoading={query.isFetching} loadingWord="Checking…" onClick={() => void query.refetch()}>
                Check again
              </Button>
              {back}
            </div>
          }
        >
          This can take a few minutes. We'll add your purchase to your library as soon as the payment completes.
        </EmptyState>
      )}
    </Page>
  );
}
