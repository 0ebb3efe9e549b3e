import type { List, PaymentKind, Revenue, RevenueMonth, RevenuePayment, RevenueTotals } from "@tesslate/contract";
import { pagesOf } from "../../../platform/csv.ts";
import { invalid } from "../../../platform/errors.ts";
import { pageOf, type PageQuery } from "../../../platform/pagination.ts";
import type { PaymentFilter, RevenuePeriod, RevenueStore } from "./revenue.store.ts";

const defaultMonths = 12;
const maxMonths = 60;
const pageRows = 1000;

interface PeriodQuery {
  from?: string;
  to?: string;
}

export type RevenueBooks = ReturnType<typeof createRevenue>;
/** What the server earned, from the ledger, for administrators. */
export function createRevenue({ store, now = () => new Date() }: { store: RevenueStore; now?: () => Date }) {
  const filterOf = ({ kind, ...query }: PeriodQuery & { kind?: PaymentKind }): PaymentFilter => ({
    ...periodOf(query, now()),
    ...(kind !== undefined && { kind }),
  });
  return {
    /** Throws 422 for an empty period and one of more than 60 months. */
    revenue: async (query: PeriodQuery): Promise<Revenue> => {
      const months = await store.months(periodOf(query, now()));
      return { months, totals: totalsOf(months), currency: "usd" };
    },
    payments: async (query: PageQuery & PeriodQuery & { kind?: PaymentKind }): Promise<List<RevenuePayment>> => {
      const page = pageOf(query);
      const { rows, total } = await store.list(filterOf(query), page);
      return page.envelope(rows, total);
    },
    /** All payments, page by page. */
    paymentPages: (query: PeriodQuery & { kind?: PaymentKind }): AsyncIterable<RevenuePayment[]> => {
      const filter = filterOf(query);
      return pagesOf((after: RevenuePayment | undefined) => store.after(filter, after, pageRows));
    },
  };
}

const numberOf = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
const startOf = (number: number): string => new Date(Date.UTC(Math.floor(number / 12), number % 12, 1)).toISOString();

function periodOf({ from, to }: PeriodQuery, now: Date): RevenuePeriod {
  const last = to === undefined ? now.getUTCFullYear() * 12 + now.getUTCMonth() : numberOf(to);
  const first = from === undefined ? last - defaultMonths + 1 : numberOf(from);
  if (first > last) throw invalid(["query", "to"], "Must not be before from");
  if (last - first >= maxMonths) throw invalid(["query", "from"], `Must be less than ${maxMonths} months before to`);
  return { from: startOf(first), until: startOf(last + 1) };
}

function totalsOf(months: readonly RevenueMonth[]): RevenueTotals {
  const sum = (field: keyof RevenueTotals) => months.reduce((total, month) => total + month[field], 0);
  return {
    plans_cents: sum("plans_cents"),
    credits_cents: sum("credits_cents"),
    deploy_slots_cents: sum("deploy_slots_cents"),
    agents_cents: sum("agents_cents"),
    bases_cents: sum("bases_cents"),
    gross_cents: sum("gross_cents"),
    refunds_cents: sum("refunds_cents"),
    creator_shares_cents: sum("creator_shares_cents"),
    fees_cents: sum("fees_cents"),
    net_cents: sum("net_cents"),
    payouts_cents: sum("payouts_cents"),
    payments: sum("payments"),
    fees_missing: sum("fees_missing"),
  };
}
