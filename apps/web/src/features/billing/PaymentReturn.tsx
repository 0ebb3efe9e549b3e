import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { api } from "../../api.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import type { BillingSearch } from "./billing-search.ts";
import { useBillingActions } from "./billing.queries.ts";

/** The result of a checkout, shown until it is dismissed. */
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
  useEffect(() => {
    if (isFulfilled) void changed();
    // Once, when the payment has arrived.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isFulfilled]);
  const dismiss = (
    <Button size="sm" variant="ghost" onClick={() => void navigate({ to: "/settings/billing", search: {}, replace: true })}>
      Dismiss
    </Button>
  );
  if (search.cancelled)
    return (
      <Banner className="mb-4" action={dismiss}>
        Checkout canceled. You weren't charged.
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
      Payment complete. Your purchase was added.
    </Banner>
  ) : (
    <Banner
      tone="warn"
      className="mb-4"
      action={
        <Button size="sm" isLoading={query.isFetching} loadingWord="Checking…" onClick={() => void query.refetch()}>
          Check again
        </Button>
      }
    >
      Payment is processing. We'll add your purchase as soon as it completes.
    </Banner>
  );
}
