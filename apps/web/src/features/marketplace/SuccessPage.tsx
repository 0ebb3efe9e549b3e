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

/** Where the payment leads back to: asks whether it arrived, and says so. */
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
    // Once, when it has arrived.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isThere]);
  const back = agent ? (
    <Link to="/marketplace/agent/$slug" params={{ slug: agent }} className={buttonClass()}>
      To its page
    </Link>
  ) : base ? (
    <Link to="/marketplace/base/$slug" params={{ slug: base }} className={buttonClass()}>
      To its page
    </Link>
  ) : null;
  return (
    <Page title="Payment" heading="Payment" width="reading">
      {session_id === "" ? (
        <EmptyState className="px-0" title="Nothing was bought here" action={back}>
          This address belongs to a payment, and names none.
        </EmptyState>
      ) : query.isPending ? (
        <Spinner word="Asking whether the payment arrived" />
      ) : query.error ? (
        <LoadFailed className="px-0" title="The payment could not be looked up" of={query} />
      ) : isThere ? (
        <EmptyState
          className="px-0"
          title="It is in your library"
          action={
            <div className="flex gap-2">
              <Link to="/library" className={buttonClass({ variant: "primary" })}>
                To the library
              </Link>
              {back}
            </div>
          }
        >
          Thank you. It can be chosen in every project from now on.
        </EmptyState>
      ) : (
        <EmptyState
          className="px-0"
          title="The payment is still under way"
          action={
            <div className="flex gap-2">
              <Button isLoading={query.isFetching} loadingWord="Asking" onClick={() => void query.refetch()}>
                Ask again
              </Button>
              {back}
            </div>
          }
        >
          Some banks take a moment. It comes into your library by itself as soon as it is paid.
        </EmptyState>
      )}
    </Page>
  );
}
