import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { BillingInterval } from "@tesslate/contract";
import { api } from "../../api.ts";
import { leaveFor } from "../../lib/leave.ts";
import { keepReturnPlace } from "./return-place.ts";
import { windowOf, type GroupBy, type Period } from "./usage-window.ts";

const all = ["billing"] as const;

export const balanceQuery = queryOptions({
  queryKey: [...all, "credits"],
  queryFn: ({ signal }) => api.billing.credits(undefined, { signal }),
});
export const subscriptionQuery = queryOptions({
  queryKey: [...all, "subscription"],
  queryFn: ({ signal }) => api.billing.subscription(undefined, { signal }),
});
/** The plans, credit packages and prices of this server. */
export const offersQuery = queryOptions({
  queryKey: [...all, "config"],
  queryFn: ({ signal }) => api.billing.config(undefined, { signal }),
  staleTime: 10 * 60_000,
});
export const transactionsQuery = (page: number, limit: number) =>
  queryOptions({
    queryKey: [...all, "transactions", page, limit],
    queryFn: ({ signal }) => api.billing.transactions({ query: { limit, page } }, { signal }),
    placeholderData: keepPreviousData,
  });
export const transactionQuery = (id: string) =>
  queryOptions({
    queryKey: [...all, "transaction", id],
    queryFn: ({ signal }) => api.billing.transaction({ params: { id } }, { signal }),
  });
/** Addresses at Stripe, which expire. */
export const documentsQuery = (id: string) =>
  queryOptions({
    queryKey: [...all, "documents", id],
    queryFn: ({ signal }) => api.billing.documents({ params: { id } }, { signal }),
    retry: false,
  });
export const agentSubscriptionsQuery = queryOptions({
  queryKey: [...all, "agents"],
  queryFn: ({ signal }) => api.purchases.subscriptions({ query: { limit: 100 } }, { signal }),
});
export const usageQuery = (by: GroupBy, period: Period) =>
  queryOptions({
    queryKey: [...all, "usage", by, period],
    queryFn: ({ signal }) => api.billing.usageGroups({ query: { by, ...windowOf(period, new Date()) } }, { signal }),
    // The days of another period, but never days as projects.
    placeholderData: (before, query) => (query?.queryKey[2] === by ? before : undefined),
  });

/** Goes to a page of Stripe, from where the person returns to this page. */
function leaveForStripe(url: string): Promise<void> {
  keepReturnPlace();
  return leaveFor(url);
}

export function useBillingActions() {
  const queryClient = useQueryClient();
  const changed = () => queryClient.invalidateQueries({ queryKey: all });
  return {
    changed,
    subscribe: useMutation({
      mutationFn: async (body: { tier: "basic" | "pro" | "ultra"; billing_interval: BillingInterval }) =>
        leaveForStripe((await api.billing.checkout({ body })).checkout_url),
      onSuccess: changed,
    }),
    topUp: useMutation({
      mutationFn: async (pack: Parameters<typeof api.billing.purchaseCredits>[0]["body"]["package"]) =>
        leaveForStripe((await api.billing.purchaseCredits({ body: { package: pack } })).checkout_url),
      onSuccess: changed,
    }),
    slot: useMutation({
      mutationFn: async () => leaveForStripe((await api.billing.purchaseDeploySlot()).checkout_url),
      onSuccess: changed,
    }),
    portal: useMutation({ mutationFn: async () => leaveForStripe((await api.billing.portal()).portal_url), onSuccess: changed }),
    cancel: useMutation({ mutationFn: () => api.billing.cancel({ body: { at_period_end: true } }), onSuccess: changed }),
    renew: useMutation({ mutationFn: () => api.billing.renew(), onSuccess: changed }),
    cancelAgent: useMutation({ mutationFn: (id: string) => api.purchases.cancel({ params: { id } }), onSuccess: changed }),
    renewAgent: useMutation({ mutationFn: (id: string) => api.purchases.renew({ params: { id } }), onSuccess: changed }),
  };
}
