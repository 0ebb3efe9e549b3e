import { keepPreviousData, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import type { BillingInterval } from "@tesslate/contract";
import { api } from "../../api.ts";
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
/** What can be bought here. */
export const offersQuery = queryOptions({
  queryKey: [...all, "config"],
  queryFn: ({ signal }) => api.billing.config(undefined, { signal }),
  staleTime: 10 * 60_000,
});
export const transactionsQuery = queryOptions({
  queryKey: [...all, "transactions"],
  queryFn: ({ signal }) => api.billing.transactions({ query: { limit: 20 } }, { signal }),
});
export const agentSubscriptionsQuery = queryOptions({
  queryKey: [...all, "agents"],
  queryFn: ({ signal }) => api.purchases.subscriptions({ query: { limit: 100 } }, { signal }),
});
export const usageQuery = (by: GroupBy, period: Period) =>
  queryOptions({
    queryKey: [...all, "usage", by, period],
    queryFn: ({ signal }) => api.billing.usageGroups({ query: { by, ...windowOf(period, new Date()) } }, { signal }),
    placeholderData: keepPreviousData,
  });

export function useBillingActs() {
  const queryClient = useQueryClient();
  const changed = () => queryClient.invalidateQueries({ queryKey: all });
  /** The page is being left: what asked stays busy until it is. */
  const leave = (address: string): Promise<never> => {
    location.assign(address);
    return new Promise(() => undefined);
  };
  return {
    changed,
    subscribe: useMutation({
      mutationFn: async (body: { tier: "basic" | "pro" | "ultra"; billing_interval: BillingInterval }) =>
        leave((await api.billing.checkout({ body })).checkout_url),
    }),
    topUp: useMutation({
      mutationFn: async (pack: Parameters<typeof api.billing.purchaseCredits>[0]["body"]["package"]) =>
        leave((await api.billing.purchaseCredits({ body: { package: pack } })).checkout_url),
    }),
    slot: useMutation({ mutationFn: async () => leave((await api.billing.purchaseDeploySlot()).checkout_url) }),
    portal: useMutation({ mutationFn: async () => leave((await api.billing.portal()).portal_url) }),
    cancel: useMutation({ mutationFn: () => api.billing.cancel({ body: { at_period_end: true } }), onSuccess: changed }),
    renew: useMutation({ mutationFn: () => api.billing.renew(), onSuccess: changed }),
    cancelAgent: useMutation({ mutationFn: (id: string) => api.purchases.cancel({ params: { id } }), onSuccess: changed }),
    renewAgent: useMutation({ mutationFn: (id: string) => api.purchases.renew({ params: { id } }), onSuccess: changed }),
  };
}
