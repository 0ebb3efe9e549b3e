import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { api } from "../../api.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { useBillingActs } from "./billing.queries.ts";

/** What the address says on the way back from a payment. */
export interface BillingSearch {
  session_id?: string;
  cancelled?: true;
}

/** On the way back from a payment: asks whether it arrived, and says so until it is put away. */
export function PaymentReturn({ search }: { search: BillingSearch }) {
  const navigate = useNavigate();
  const { changed } = useBillingActs();
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
    // Once, when it has arrived.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [isFulfilled]);
  const dismiss = (
    <Button size="sm" variant="ghost" onClick={() => void navigate({ to: "/settings/billing", search: {}, replace: true })}>
      Fine
    </Button>
  );
  if (search.cancelled)
    return (
      <Banner className="mb-4" action={dismiss}>
        Nothing was paid, and nothing changed.
      </Banner>
    );
  if (session_id === undefined) return null;
  if (query.isPending) return <Banner className="mb-4">Asking whether the payment arrived…</Banner>;
  if (query.error)
    return (
      <Banner
        tone="err"
        className="mb-4"
        action={
          <Button size="sm" isLoading={query.isFetching} loadingWord="Asking" onClick={() => void query.refetch()}>
            Retry
          </Button>
        }
      >
        The payment could not be looked up. {sentenceOf(query.error)} What you paid for comes by itself.
      </Banner>
    );
  return isFulfilled ? (
    <Banner className="mb-4" action={dismiss}>
      Thank you. What you paid for is here.
    </Banner>
  ) : (
    <Banner
      tone="warn"
      className="mb-4"
      action={
        <Button size="sm" isLoading={query.isFetching} loadingWord="Asking" onClick={() => void query.refetch()}>
          Ask again
        </Button>
      }
    >
      The payment is still under way. What you paid for comes by itself as soon as it is through.
    </Banner>
  );
}
