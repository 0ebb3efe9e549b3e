import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ExternalLink } from "lucide-react";
import { useState } from "react";
import type { BillingConfig, CreditBalance, Subscription } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatDate } from "../../lib/time.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { AgentSubscriptions } from "./AgentSubscriptions.tsx";
import { balanceQuery, offersQuery, subscriptionQuery, usageQuery, useBillingActions } from "./billing.queries.ts";
import { CreditPackages } from "./CreditPackages.tsx";
import { CreditPools } from "./CreditPools.tsx";
import { PaymentReturn } from "./PaymentReturn.tsx";
import { PlanDialog } from "./PlanDialog.tsx";
import { alwaysOnLimit, projectLimit, tierName } from "./tiers.ts";
import { Transactions } from "./Transactions.tsx";
import { paceOf } from "./usage-window.ts";
import { UsageExplorer } from "./UsageExplorer.tsx";

const route = getRouteApi("/app/settings/billing");

/** Credits, plan, usage and payments; only the usage if billing is off on this server. */
export function BillingSettings() {
  const search = route.useSearch();
  const balance = useQuery(balanceQuery);
  const offers = useQuery(offersQuery);
  const plan = useQuery(subscriptionQuery);
  const failed = [balance, offers, plan].find((query) => query.error && !query.data);
  if (failed)
    return (
      <LoadFailed
        className="px-0"
        title="Couldn't load billing"
        of={{
          error: failed.error,
          isFetching: balance.isFetching || offers.isFetching || plan.isFetching,
          refetch: () => Promise.all([balance.refetch(), offers.refetch(), plan.refetch()]),
        }}
      />
    );
  if (!balance.data || !offers.data || !plan.data) return <SkeletonRows count={8} label="Loading billing…" />;
  const isCharged = balance.data.is_billed;
  return (
    <>
      <PaymentReturn search={search} />
      {isCharged || offers.data.is_enabled ? (
        <>
          <Credits balance={balance.data} offers={offers.data} />
          <Plan plan={plan.data} offers={offers.data} />
        </>
      ) : (
        <Banner className="mb-6">Billing is off on this server. The operator pays for model usage, or you use your own API keys.</Banner>
      )}
      <UsageExplorer isCharged={isCharged} />
      {offers.data.is_enabled ? (
        <>
          <AgentSubscriptions />
          <Transactions />
        </>
      ) : null}
    </>
  );
}

function Credits({ balance, offers }: { balance: CreditBalance; offers: BillingConfig }) {
  const used = useQuery(usageQuery("day", "thirty"));
  const pace = used.data && paceOf(balance.total_credits, used.data.items, 30, new Date(used.dataUpdatedAt));
  return (
    <SettingsSection id="credits" title="Credits" hint="1 credit is 1 US cent. Credits are used from left to right.">
      {balance.is_empty ? (
        <Banner tone="err" className="mb-3">
          No credits left. Runs that use your own keys continue. Other runs are paused until you add credits.
        </Banner>
      ) : balance.is_low ? (
        <Banner tone="warn" className="mb-3">
          Fewer than {counted(balance.threshold, "credit")} left.
        </Banner>
      ) : null}
      <CreditPools balance={balance} />
      {pace ? (
        <p className="num mt-2 text-xs text-fg-2">
          {pace.perDay < 1
            ? "Less than 1 credit a day over the last 30 days."
            : `About ${counted(Math.round(pace.perDay), "credit")} a day over the last 30 days.`}{" "}
          {pace.endsOn ? `At this rate, your balance lasts until ${formatDate(pace.endsOn.toISOString())}.` : ""}
        </p>
      ) : null}
      {offers.is_enabled ? (
        <div className="mt-4">
          <h3 className="mb-2 text-sm font-medium text-fg-1">Top up</h3>
          <CreditPackages offers={offers} />
        </div>
      ) : null}
    </SettingsSection>
  );
}

function Plan({ plan, offers }: { plan: Subscription; offers: BillingConfig }) {
  const { portal, cancel, renew, slot } = useBillingActions();
  const [open, setOpen] = useState<"change" | "cancel">();
  const tier = offers.tiers.find((one) => one.tier === plan.tier);
  const report = (error: unknown) => toastError(error);
  const ends = plan.cancel_at_period_end ? (plan.cancel_at ?? plan.current_period_end) : null;
  return (
    <SettingsSection
      id="plan"
      title="Plan"
      action={
        offers.is_enabled ? (
          <>
            {plan.stripe_customer_id ? (
              <Button
                variant="ghost"
                icon={<ExternalLink size={14} />}
                isLoading={portal.isPending}
                loadingWord="Redirecting to Stripe…"
                onClick={() => portal.mutate(undefined, { onError: report })}
              >
                Manage billing
              </Button>
            ) : null}
            <Button onClick={() => (plan.subscription_id ? portal.mutate(undefined, { onError: report }) : setOpen("change"))}>
              {plan.is_active ? "Change plan" : "Choose plan"}
            </Button>
          </>
        ) : null
      }
    >
      <div className="rounded-3 border border-line-0 p-4 text-sm">
        <p className="flex flex-wrap items-center gap-2">
          <span className="text-md font-medium text-fg-0">{tierName(plan.tier)}</span>
          {tier && tier.price_cents > 0 ? (
            <span className="num text-fg-2">
              {plan.billing_interval !== "annual"
                ? `${formatDollars(tier.price_cents)} a month`
                : tier.annual_price_cents === null
                  ? "billed yearly"
                  : `${formatDollars(tier.annual_price_cents)} a year`}
            </span>
          ) : null}
          {plan.status === "past_due" || plan.status === "unpaid" ? <Pill tone="err">The last payment failed</Pill> : null}
          {ends ? <Pill tone="warn">Ends {formatDate(ends)}</Pill> : null}
        </p>
        <ul className="num mt-1 flex flex-wrap gap-x-4 text-fg-1">
          <li>{projectLimit(plan.max_projects)}</li>
          <li>{alwaysOnLimit(plan.max_deploys)}</li>
          {plan.monthly_allowance > 0 ? <li>{counted(plan.monthly_allowance, "credit")} a month</li> : null}
          {plan.byok_enabled ? <li>Your own API keys</li> : null}
        </ul>
        {!ends && plan.current_period_end ? <p className="mt-1 text-xs text-fg-2">Renews {formatDate(plan.current_period_end)}</p> : null}
        {offers.is_enabled ? (
          <div className="mt-3 flex flex-wrap gap-2">
            {plan.subscription_id ? (
              ends ? (
                <Button
                  size="sm"
                  isLoading={renew.isPending}
                  loadingWord="Resuming…"
                  onClick={() => renew.mutate(undefined, { onSuccess: () => toast("Plan resumed."), onError: report })}
                >
                  Resume plan
                </Button>
              ) : (
                <Button size="sm" variant="danger" onClick={() => setOpen("cancel")}>
                  Cancel plan
                </Button>
              )
            ) : null}
            {plan.max_deploys !== null ? (
              <Button
                size="sm"
                isLoading={slot.isPending}
                loadingWord="Redirecting to checkout…"
                onClick={() => slot.mutate(undefined, { onError: report })}
              >
                Add always-on project ({formatDollars(offers.deploy_slot_price_cents)})
              </Button>
            ) : null}
          </div>
        ) : null}
      </div>
      {open === "change" ? <PlanDialog plan={plan} offers={offers} onClose={() => setOpen(undefined)} /> : null}
      <ConfirmDialog
        isOpen={open === "cancel"}
        onOpenChange={(isOpen) => setOpen(isOpen ? "cancel" : undefined)}
        title="Cancel your plan?"
        confirmLabel="Cancel plan"
        dismissLabel="Keep plan"
        loadingWord="Canceling…"
        isDanger
        onConfirm={async () => {
          await cancel.mutateAsync();
          toast("Plan canceled. It stays active until the end of the billing period.");
        }}
      >
        {plan.current_period_end
          ? `Your plan stays active until ${formatDate(plan.current_period_end)}.`
          : "Your plan stays active until the end of the billing period."}{" "}
        Plan credits then expire; purchased credits don't. You can resume any time before that.
      </ConfirmDialog>
    </SettingsSection>
  );
}
