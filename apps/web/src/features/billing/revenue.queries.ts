import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import type { PaymentKind } from "@tesslate/contract";
import { api } from "../../api.ts";

/** The months until this one, as the API names them. */
const lastMonths = (count: number): { from: string; to: string } => {
  const now = new Date();
  const month = (back: number) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 7);
  return { from: month(count - 1), to: month(0) };
};
export const revenueQuery = (months: number) =>
  queryOptions({
    queryKey: ["admin", "revenue", "months", months],
    queryFn: ({ signal }) => api.adminRevenue.get({ query: lastMonths(months) }, { signal }),
    placeholderData: keepPreviousData,
  });
export const revenuePaymentsQuery = (months: number, page: number, limit: number, kind: PaymentKind | undefined) =>
  queryOptions({
    queryKey: ["admin", "revenue", "payments", months, page, limit, kind],
    queryFn: ({ signal }) =>
      api.adminRevenue.payments({ query: { ...lastMonths(months), page, limit, ...(kind && { kind }) } }, { signal }),
    placeholderData: keepPreviousData,
  });
