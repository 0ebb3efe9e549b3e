import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { api } from "../../api.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { toast } from "../../ui/toast.tsx";
import type { BillingSearch } from "./billing-search.ts";
import { useBillingActions } from "./billing.queries.ts";
import { forgetReturnPlace, returnPlace } from "./return-place.ts";

const paid = "Payment complete. Your purchase was added.";
const canceled = "Checkout canceled. You weren't charged.";

/** The result of a checkout, shown until it is dismissed, or on the page from which checkout was opened. */
export function PaymentReturn({ search }: { search: BillingSearch }) {
  const navigate = useNavigate();
  const { changed } = useBillingActions();
  const { session_id } = search;
  const query = useQuery({
    queryKey: ["payment", session_id],
    queryFn: () => api.billing.verifyCheckout({ body: { session_id: session_id ?? "" } }),
    enabled: session_id !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const isFulfilled = query.data?.status === "fulfilled";
  const [place] = useState(returnPlace);
  const goBack = useHandler((sentence: string) => {
    forgetReturnPlace();
    if (place === undefined) return;
    toast(sentence);
    void navigate({ href: place, replace: true });
  });
  const isCancelled = search.cancelled === true;
  useEffect(() => {
    if (isFulfilled) void changed();
    if (isFulfilled) goBack(paid);
    else if (isCancelled) goBack(canceled);
    // Once, when the payment has arrived.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isFulfilled, isCancelled]);
  const dismiss = (
    <Button size="sm" variant="ghost" onClick={() => void navigate({ to: "/settings/billing", search: {}, replace: true })}>
      Dismiss
    </Button>
  );
  if (search.cancelled)
    return (
      <Banner className="mb-4" action={dismiss}>
        {canceled}
      </Banner>
    );
  if (session_id === undefined) return null;
  if (query.isPending) return <Banner className="mb-4">Checking payment…</Banner>;
  if (query.error)
    return (
      <Banner
        tone="err"
        className="mb-4"
        action={
          <Button size="sm" isLoading={query.isFetching} loadingWord="Checking…" onClick={() => void query.refetch()}>
            Retry
          </Button>
        }
      >
        Couldn't check the payment. {sentenceOf(query.error)} We'll add your purchase as soon as the payment completes.
      </Banner>
    );
  return isFulfilled ? (
    <Banner className="mb-4" action={dismiss}>
      {paid}
    </Banner>
  ) : (
    <Banner
      tone="warn"
      className="mb-4"
      action={
        <>
          <Button size="sm" isLoading={query.isFetching} loadingWord="Checking…" onClick={() => void query.refetch()}>
            Check again
          </Button>
          {place === undefined ? null : (
            <Button size="sm" variant="ghost" onClick={() => void navigate({ href: place })}>
              Go back
            </Button>
          )}
        </>
      }
    >
      Payment is processing. We'll add your purchase as soon as it completes.
    </Banner>
  );
}
