import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef, useState } from "react";
import type { CreatorDashboard, Payout } from "@tesslate/contract";
import { api } from "../../api.ts";
import { counted } from "../../lib/counted.ts";
import { leaveFor } from "../../lib/leave.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatDecimal, formatNumber, formatPercent } from "../../lib/numbers.ts";
import { formatMonth, formatMonthShort } from "../../lib/time.ts";
import { Banner } from "../../ui/Banner.tsx";
import { BarChart } from "../../ui/BarChart.tsx";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Pill, type Tone } from "../../ui/Pill.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { keepReturnPlace, offersQuery } from "../billing/index.ts";
import { Rating } from "../marketplace/index.ts";
import { dashboardQuery } from "./creators.queries.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

/** The creator studio: earnings, payout account, payouts and published items. */
export function CreatorSettings() {
  const { data, error, refetch, isFetching } = useQuery(dashboardQuery);
  if (error && !data) return <LoadFailed className="px-0" title="Couldn't load your dashboard" of={{ error, refetch, isFetching }} />;
  if (!data) return <SkeletonRows count={6} label="Loading dashboard…" />;
  const hasWork = data.items.length > 0;
  const hasMoney = data.payouts.available_cents + data.payouts.pending_cents + data.payouts.paid_cents > 0;
  return (
    <>
      {error ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-4" /> : null}
      <Earnings data={data} />
      <PayoutAccount payouts={data.payouts} />
      {hasMoney ? <Payouts payouts={data.payouts} /> : null}
      <SettingsSection id="creator-items" title="Your items">
        {hasWork ? (
          <Items items={data.items} />
        ) : (
          <EmptyState className="px-0" title="Nothing published yet">
            Agents, templates and themes you publish appear here with their installs, ratings and earnings. You keep{" "}
            {formatPercent(data.revenue_share)} of every sale.
          </EmptyState>
        )}
      </SettingsSection>
    </>
  );
}

function Earnings({ data }: { data: CreatorDashboard }) {
  const { earnings, stats } = data;
  return (
    <SettingsSection
      id="creator-studio"
      title="Creator studio"
      hint={`Earnings of the last 12 months. You keep ${formatPercent(data.revenue_share)} of every sale.`}
    >
      <dl className="grid grid-cols-4 gap-2 narrow:grid-cols-2">
        {[
          ["This month", formatDollars(earnings.total_revenue_cents)],
          ["Installs", formatNumber(stats.total_downloads)],
          ["Runs", formatNumber(stats.total_usage)],
          ["Rating", stats.average_rating === null ? "No ratings yet" : `${formatDecimal(stats.average_rating, 1)} of 5`],
        ].map(([label, value]) => (
          <div key={label} className="rounded-3 border border-line-0 px-3 py-2">
            <dt className="text-xs text-fg-2">{label}</dt>
            <dd className="num text-lg text-fg-0">{value}</dd>
          </div>
        ))}
      </dl>
      {earnings.by_month.some(({ revenue_cents }) => revenue_cents > 0) ? (
        <figure className="mt-4 rounded-3 border border-line-0 p-3">
          <figcaption className="mb-1 text-xs text-fg-2">Earnings by month, in US dollars</figcaption>
          <BarChart
            label="Earnings by month"
            heads={["Month", "Earnings"]}
            points={earnings.by_month.map(({ month, revenue_cents }) => ({
              label: formatMonth(month),
              tick: formatMonthShort(month),
              value: revenue_cents,
            }))}
            format={formatDollars}
            formatTick={formatDollars}
            ticks="all"
            size="md"
          />
        </figure>
      ) : null}
    </SettingsSection>
  );
}

/** The payout account at Stripe. Shows nothing if this server has no payments. */
function PayoutAccount({ payouts }: { payouts: CreatorDashboard["payouts"] }) {
  const { data: offers } = useQuery(offersQuery);
  const connect = useMutation({
    mutationFn: async () => {
      const { onboarding_url } = await api.creatorStudio.connect();
      keepReturnPlace();
      await leaveFor(onboarding_url);
    },
  });
  if (!offers?.is_enabled) return null;
  return (
    <SettingsSection
      id="payout-account"
      title="Payout account"
      hint={
        payouts.connected
          ? "Your payout account is ready. Your sales can be paid out."
          : "To sell what you publish, set up a payout account with Stripe. Only Stripe gets your identity and bank details."
      }
      action={
        <Button isLoading={connect.isPending} loadingWord="Redirecting to Stripe…" onClick={() => connect.mutate()}>
          {payouts.connected ? "Edit payout account" : payouts.account_id ? "Finish payout setup" : "Set up payouts"}
        </Button>
      }
    >
      {connect.error ? (
        <Banner tone="err">
          <ErrorSentence of={connect.error} />
        </Banner>
      ) : null}
    </SettingsSection>
  );
}

const payoutWords: Record<Payout["status"], { label: string; tone: Tone }> = {
  pending: { label: "Requested", tone: "info" },
  processing: { label: "Processing", tone: "warn" },
  paid: { label: "Paid", tone: "ok" },
  failed: { label: "Failed", tone: "err" },
};

function Payouts({ payouts }: { payouts: CreatorDashboard["payouts"] }) {
  const queryClient = useQueryClient();
  const [isAsking, setIsAsking] = useState(false);
  /** The idempotency key: a retry after a lost response is the same request. */
  const payoutKey = useRef<string>(undefined);
  const ask = useMutation({
    mutationFn: () => {
      payoutKey.current ??= crypto.randomUUID();
      return api.creatorStudio.payout({ body: {} }, { headers: { "idempotency-key": payoutKey.current } });
    },
    onSuccess: () => {
      payoutKey.current = undefined;
      return queryClient.invalidateQueries({ queryKey: dashboardQuery.queryKey });
    },
  });
  const canAsk = payouts.is_configured && payouts.available_cents >= payouts.minimum_cents;
  return (
    <SettingsSection
      id="payouts"
      title="Payouts"
      hint={
        payouts.is_configured
          ? `Sales can be paid out after ${counted(payouts.hold_days, "day")}. The minimum payout is ${formatDollars(payouts.minimum_cents)}.`
          : "Payouts aren't set up on this server. Your earnings are kept until they are."
      }
      action={
        payouts.is_configured ? (
          <Button variant="primary" disabled={!canAsk} onClick={() => setIsAsking(true)}>
            Request payout ({formatDollars(payouts.available_cents)})
          </Button>
        ) : null
      }
    >
      <dl className="grid grid-cols-3 gap-2">
        {[
          ["Available", payouts.available_cents],
          ["Pending", payouts.pending_cents],
          ["Paid", payouts.paid_cents],
        ].map(([label, cents]) => (
          <div key={label} className="rounded-3 border border-line-0 px-3 py-2">
            <dt className="text-xs text-fg-2">{label}</dt>
            <dd className="num text-lg text-fg-0">{formatDollars(Number(cents))}</dd>
          </div>
        ))}
      </dl>
      {payouts.history.length > 0 ? (
        <ul aria-label="Payouts" className="mt-3 divide-y divide-line-0 border-y border-line-0">
          {payouts.history.map((payout) => (
            <li key={payout.id} className="flex items-center gap-3 py-2 text-sm">
              <span className="num w-24 text-fg-0">{formatDollars(payout.amount_cents)}</span>
              <Pill tone={payoutWords[payout.status].tone}>{payoutWords[payout.status].label}</Pill>
              <span className="min-w-0 flex-1 truncate text-xs text-fg-2">
                {counted(payout.transactions_count, "sale")}, <RelativeTime at={payout.created_at} />
              </span>
            </li>
          ))}
        </ul>
      ) : null}
      <ConfirmDialog
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        title={`Request a payout of ${formatDollars(payouts.available_cents)}?`}
        confirmLabel="Request payout"
        loadingWord="Requesting…"
        onConfirm={async () => {
          await ask.mutateAsync();
          toast("Payout requested.");
        }}
      >
        This reserves the amount. The payout stays “Requested” until the money is sent.
      </ConfirmDialog>
    </SettingsSection>
  );
}

const Items = ({ items }: { items: CreatorDashboard["items"] }) => (
  <ul className="divide-y divide-line-0 border-y border-line-0">
    {items.map((item) => (
      <li key={item.id} className="flex flex-wrap items-baseline gap-x-4 gap-y-1 py-2.5">
        <span className="min-w-40 flex-1 narrow:basis-full">
          <span className="as-written wrap-anywhere text-fg-0">{item.name}</span>{" "}
          <span className="text-xs text-fg-2">
            {{ agent: "Agent", base: "Template", theme: "Theme" }[item.item_type]}
            {item.is_published ? "" : ", not published"}
          </span>
        </span>
        <span className="flex items-center gap-4 text-xs text-fg-2 narrow:w-full">
          {item.sales_count > 0 ? <span className="num">{counted(item.sales_count, "sale")}</span> : null}
          <span className="num">{counted(item.downloads, "install")}</span>
          <Rating rating={item.rating} count={item.reviews_count} />
          <span className="num w-20 text-right text-sm text-fg-0 narrow:ml-auto">{formatDollars(item.revenue_cents)}</span>
        </span>
      </li>
    ))}
  </ul>
);
