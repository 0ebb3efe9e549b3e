import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { useMemo } from "react";
import type { PaymentKind, Revenue, RevenueMonth, RevenuePayment, RevenueTotals } from "@tesslate/contract";
import { cx } from "../../lib/cx.ts";
import { counted } from "../../lib/counted.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { formatDateTime, formatMonth } from "../../lib/time.ts";
import { BarChart } from "../../ui/BarChart.tsx";
import { buttonClass } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { Select } from "../../ui/Select.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Table, type Column } from "../../ui/Table.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { revenuePaymentsQuery, revenueQuery } from "./revenue.queries.ts";
import type { RevenueSearch } from "./revenue-search.ts";
import { tierName } from "./tiers.ts";

const route = getRouteApi("/app/admin/revenue");
const perPage = 25;

const kinds: Record<PaymentKind, string> = {
  subscription: "Plan",
  credits: "Credits",
  deploy_slot: "Always-on project",
  agent: "Agent",
  base: "Template",
};

/** What the server earned: by month, from the ledger, and each payment. For administrators. */
export function RevenuePage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const months = Number(search.months ?? "12");
  const query = useQuery(revenueQuery(months));
  const set = (next: Partial<RevenueSearch>) => void navigate({ search: { ...search, page: undefined, ...next }, replace: true });
  return (
    <div className="scroll-y min-w-0 flex-1 px-4 py-4">
      <div className="mb-4 flex flex-wrap items-center gap-2">
        <span className="w-40">
          <Select
            size="sm"
            label="Period"
            value={search.months ?? "12"}
            onChange={(value) => set({ months: value === "12" ? undefined : (value as "24") })}
            options={["12", "24", "60"].map((value) => ({ value, label: `Last ${value} months` }))}
          />
        </span>
        <span className="flex-1" />
        <Export label="Export months (CSV)" query={{ ...periodOf(query.data), of: "months" }} />
        <Export label="Export payments (CSV)" query={{ ...periodOf(query.data), of: "payments" }} />
      </div>
      {query.error && query.data ? <ShownFromBefore of={query} className="mb-3" /> : null}
      {query.data ? (
        <Books revenue={query.data} />
      ) : query.error ? (
        <LoadFailed title="Couldn't load revenue" of={query} />
      ) : (
        <SkeletonRows count={8} label="Loading revenue…" />
      )}
      <Payments search={search} months={months} onSearch={set} />
    </div>
  );
}

const periodOf = (revenue: Revenue | undefined): Record<string, string> => {
  const [first, last] = [revenue?.months[0], revenue?.months.at(-1)];
  return first && last ? { from: first.month, to: last.month } : {};
};

const Export = ({ label, query }: { label: string; query: Record<string, string> }) => (
  <a
    className={buttonClass({ variant: "ghost", size: "sm" })}
    href={`/api/admin/revenue/export?${new URLSearchParams(query).toString()}`}
    download
  >
    <Download size={14} />
    {label}
  </a>
);

const monthName = ({ month }: Pick<RevenueMonth, "month">) => formatMonth(`${month}-01T00:00:00Z`);
const money = (head: string, field: keyof RevenueTotals, more: Partial<Column<RevenueMonth>> = {}): Column<RevenueMonth> => ({
  id: field,
  head,
  isFigure: true,
  cell: (row) => <span className={cx(row[field] === 0 && "text-fg-2")}>{formatDollars(row[field])}</span>,
  ...more,
});
const columns: Column<RevenueMonth>[] = [
  { id: "month", head: "Month", cell: (row) => <span className="font-medium whitespace-nowrap text-fg-0">{monthName(row)}</span> },
  money("Plans", "plans_cents", { isWideOnly: true }),
  money("Credits", "credits_cents", { isWideOnly: true }),
  money("Always-on", "deploy_slots_cents", { isWideOnly: true }),
  money("Agents", "agents_cents", { isWideOnly: true }),
  money("Templates", "bases_cents", { isWideOnly: true }),
  money("Payments", "gross_cents", { headHint: "All payments of the month" }),
  money("Refunds", "refunds_cents", { isWideOnly: true }),
  money("Creators", "creator_shares_cents", { isWideOnly: true, headHint: "What creators earned by sales and by the use of their agents" }),
  money("Fees", "fees_cents", { isWideOnly: true, headHint: "What Stripe kept" }),
  money("Net", "net_cents", { headHint: "Payments minus refunds, creators' shares and fees" }),
  money("Paid out", "payouts_cents", { headHint: "Paid to creators" }),
];

function Books({ revenue: { months, totals } }: { revenue: Revenue }) {
  const facts: [label: string, cents: number, hint: string][] = [
    ["Payments", totals.gross_cents, counted(totals.payments, "payment")],
    ["Refunds", totals.refunds_cents, "with lost disputes"],
    ["Creators' shares", totals.creator_shares_cents, `${formatDollars(totals.payouts_cents)} paid out`],
    ["Fees", totals.fees_cents, totals.fees_missing > 0 ? `${counted(totals.fees_missing, "fee")} not known yet` : "kept by Stripe"],
    ["Net", totals.net_cents, "after refunds, shares and fees"],
  ];
  return (
    <>
      <dl className="mb-4 grid grid-cols-5 gap-2 narrow:grid-cols-2">
        {facts.map(([label, cents, hint]) => (
          <div key={label} className="rounded-3 border border-line-0 p-3">
            <dt className="text-xs text-fg-2">{label}</dt>
            <dd className="num text-lg text-fg-0">{formatDollars(cents)}</dd>
            <dd className="num text-2xs text-fg-2">{hint}</dd>
          </div>
        ))}
      </dl>
      <figure className="mb-4 rounded-3 border border-line-0 p-3">
        <figcaption className="mb-1 text-xs text-fg-2">Net by month, in US dollars</figcaption>
        <BarChart
          label="Net by month"
          heads={["Month", "Net"]}
          points={months.map((row) => ({ label: monthName(row), value: Math.max(0, row.net_cents) }))}
          format={formatDollars}
          formatTick={formatDollars}
          size="md"
          isTabulated
        />
      </figure>
      <div {...scrollable} role="group" aria-label="Months" className="mb-6 overflow-x-auto rounded-3 border border-line-0">
        <Table label="Revenue by month" columns={columns} rows={[...months].reverse()} keyOf={({ month }) => month} />
      </div>
    </>
  );
}

const nameOf = ({ kind, item, tier, billing_interval: interval }: RevenuePayment): string => {
  const every = interval === "annual" ? ", yearly" : interval === "monthly" ? ", monthly" : "";
  return tier ? `${tierName(tier as "pro")} plan${every}` : item ? `${kinds[kind]}: ${item}${every}` : kinds[kind];
};
const paymentColumns: Column<RevenuePayment>[] = [
  {
    id: "at",
    head: "Paid",
    cell: ({ created_at }) => (
      <time dateTime={created_at} className="num whitespace-nowrap text-fg-2">
        {formatDateTime(created_at)}
      </time>
    ),
  },
  { id: "what", head: "For", isGreedy: true, cell: (row) => <span className="text-fg-0">{nameOf(row)}</span> },
  { id: "who", head: "Paid by", isWideOnly: true, cell: ({ user_email }) => user_email ?? "Deleted user" },
  { id: "amount", head: "Amount", isFigure: true, cell: ({ amount_cents }) => formatDollars(amount_cents) },
  {
    id: "refunded",
    head: "Refunded",
    isFigure: true,
    isWideOnly: true,
    cell: ({ refunded_cents }) => (refunded_cents > 0 ? <Pill tone="warn">{formatDollars(refunded_cents)}</Pill> : ""),
  },
  {
    id: "share",
    head: "Creator",
    isFigure: true,
    isWideOnly: true,
    cell: ({ creator_share_cents: cents }) => (cents > 0 ? formatDollars(cents) : ""),
  },
  {
    id: "fee",
    head: "Fee",
    isFigure: true,
    isWideOnly: true,
    cell: ({ fee_cents: fee }) => (fee === null ? <span className="text-fg-2">not known yet</span> : formatDollars(fee)),
  },
];

function Payments({
  search,
  months,
  onSearch,
}: {
  search: RevenueSearch;
  months: number;
  onSearch: (next: Partial<RevenueSearch>) => void;
}) {
  const page = search.page ?? 1;
  const query = useQuery(revenuePaymentsQuery(months, page, perPage, search.kind));
  const options = useMemo(
    () => [{ value: "", label: "All payments" }, ...Object.entries(kinds).map(([value, label]) => ({ value, label }))],
    [],
  );
  return (
    <section aria-labelledby="payments">
      <div className="mb-2 flex flex-wrap items-center gap-2">
        <h2 id="payments" className="text-md">
          Payments
        </h2>
        {query.data ? <span className="num text-xs text-fg-2">{formatNumber(query.data.total)}</span> : null}
        <span className="flex-1" />
        <span className="w-44">
          <Select
            size="sm"
            label="Kind"
            value={search.kind ?? ""}
            onChange={(value) => onSearch({ kind: value === "" ? undefined : (value as PaymentKind) })}
            options={options}
          />
        </span>
      </div>
      <div {...scrollable} role="group" aria-label="List of payments" className="overflow-x-auto rounded-3 border border-line-0">
        <Table
          label="Payments"
          columns={paymentColumns}
          rows={query.data?.items}
          keyOf={({ id }) => id}
          isStale={query.isPlaceholderData}
          failure={query.error && !query.data ? <LoadFailed title="Couldn't load payments" of={query} /> : undefined}
          empty={
            <EmptyState title="No payments">
              Payments for plans, credits, always-on projects, agents and templates of this period appear here.
            </EmptyState>
          }
        />
      </div>
      {query.data ? (
        <Pager
          className="mt-2 justify-end"
          list={query.data}
          page={page}
          perPage={perPage}
          label="Pages of payments"
          onPage={(next) => onSearch({ page: next > 1 ? next : undefined })}
        />
      ) : null}
    </section>
  );
}
