import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { ExternalLink } from "lucide-react";
import { useState } from "react";
import type { BillingConfig, CreditBalance, Subscription } from "@tesslate/contract";
import { sentenceOf } from "../../lib/errors.ts";
import { dollars } from "../../lib/money.ts";
import { dayOf } from "../../lib/time.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { AgentSubscriptions } from "./AgentSubscriptions.tsx";
import { balanceQuery, offersQuery, subscriptionQuery, usageQuery, useBillingActs } from "./billing.queries.ts";
import { CreditPools } from "./CreditPools.tsx";
import { PaymentReturn } from "./PaymentReturn.tsx";
import { PlanDialog } from "./PlanDialog.tsx";
import { tierName } from "./tiers.ts";
import { Transactions } from "./Transactions.tsx";
import { paceOf } from "./usage-window.ts";
import { UsageExplorer } from "./UsageExplorer.tsx";

const route = getRouteApi("/app/settings/billing");

/** Plan, credits, what they went for. Where nothing can be paid, only what was used. */
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
        title="Your balance could not be read"
        of={{
          error: failed.error,
          isFetching: balance.isFetching || offers.isFetching || plan.isFetching,
          refetch: () => Promise.all([balance.refetch(), offers.refetch(), plan.refetch()]),
        }}
      />
    );
  if (!balance.data || !offers.data || !plan.data) return <SkeletonRows count={8} label="Loading" />;
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
        <Banner className="mb-6">This server charges nobody: what models cost is paid by whoever runs it, or with your own keys.</Banner>
      )}
      <UsageExplorer />
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
  const { topUp } = useBillingActs();
  const used = useQuery(usageQuery("day", "thirty"));
  const pace = used.data && paceOf(balance.total_credits, used.data.items, 30, new Date(used.dataUpdatedAt));
  return (
    <SettingsSection title="Credits" hint="One credit is one US cent. They are spent from left to right.">
      {balance.is_empty ? (
        <Banner tone="err" className="mb-3">
          No credits are left. Runs with your own keys go on; others wait until there are some.
        </Banner>
      ) : balance.is_low ? (
        <Banner tone="warn" className="mb-3">
          Less than {balance.threshold.toLocaleString("en")} credits are left.
        </Banner>
      ) : null}
      <CreditPools balance={balance} />
      {pace ? (
        <p className="num mt-2 text-xs text-fg-2">
          About {pace.perDay < 1 ? "less than one credit" : `${Math.round(pace.perDay)} credits`} a day over the last 30 days
          {pace.endsOn
            ? `; at this pace the balance lasts until ${pace.endsOn.toLocaleDateString("en", { day: "numeric", month: "long", year: "numeric" })}`
            : ""}
          .
        </p>
      ) : null}
      {offers.is_enabled ? (
        <div className="mt-4">
          <h3 className="mb-2 text-sm font-medium text-fg-1">Top up</h3>
          <ul role="list" className="flex flex-wrap gap-2">
            {offers.packages.map((pack) => (
              <li key={pack.id}>
                <Button
                  isLoading={topUp.isPending && topUp.variables === pack.id}
                  loadingWord="Leading to the payment"
                  disabled={topUp.isPending && topUp.variables !== pack.id}
                  onClick={() => topUp.mutate(pack.id as "small")}
                >
                  <span className="num">{pack.credits.toLocaleString("en")} credits</span>
                  <span className="num font-regular text-fg-2">{dollars(pack.price_cents)}</span>
                </Button>
              </li>
            ))}
          </ul>
          {topUp.error ? (
            <Banner tone="err" className="mt-2">
              {sentenceOf(topUp.error)}
            </Banner>
          ) : null}
        </div>
      ) : null}
    </SettingsSection>
  );
}

function Plan({ plan, offers }: { plan: Subscription; offers: BillingConfig }) {
  const { portal, cancel, renew, slot } = useBillingActs();
  const [open, setOpen] = useState<"change" | "cancel">();
  const tier = offers.tiers.find((one) => one.tier === plan.tier);
  const report = (error: unknown) => toast(sentenceOf(error), { kind: "failed" });
  const ends = plan.cancel_at_period_end ? (plan.cancel_at ?? plan.current_period_end) : null;
  const count = (n: number | null, noun: string) => (n === null ? `any number of ${noun}s` : `${n} ${noun}${n === 1 ? "" : "s"}`);
  return (
    <SettingsSection
      title="Plan"
      action={
        offers.is_enabled ? (
          <>
            {plan.stripe_customer_id ? (
              <Button
                variant="ghost"
                icon={<ExternalLink size={14} />}
                isLoading={portal.isPending}
                loadingWord="Opening"
                onClick={() => portal.mutate(undefined, { onError: report })}
              >
                Cards and invoices
              </Button>
            ) : null}
            <Button onClick={() => (plan.subscription_id ? portal.mutate(undefined, { onError: report }) : setOpen("change"))}>
              {plan.is_active ? "Change plan" : "Choose a plan"}
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
              {plan.billing_interval === "annual" ? "paid by the year" : `${dollars(tier.price_cents)} a month`}
            </span>
          ) : null}
          {plan.status === "past_due" || plan.status === "unpaid" ? <Pill tone="err">The last payment failed</Pill> : null}
          {ends ? <Pill tone="warn">Ends {dayOf(ends)}</Pill> : null}
        </p>
        <p className="num mt-1 text-fg-1">
          {count(plan.max_projects, "project")}, {count(plan.max_deploys, "hosted project")}
          {plan.monthly_allowance > 0 ? `, ${plan.monthly_allowance.toLocaleString("en")} credits a month` : ""}
          {plan.byok_enabled ? ", your own keys" : ""}
        </p>
        {!ends && plan.current_period_end ? <p className="mt-1 text-xs text-fg-2">Renews {dayOf(plan.current_period_end)}</p> : null}
        {offers.is_enabled ? (
          <div className="mt-3 flex flex-wrap gap-2">
            {plan.subscription_id ? (
              ends ? (
                <Button
                  size="sm"
                  isLoading={renew.isPending}
                  loadingWord="Keeping it"
                  onClick={() => renew.mutate(undefined, { onSuccess: () => toast("The plan stays."), onError: report })}
                >
                  Keep the plan
                </Button>
              ) : (
                <Button size="sm" variant="danger" onClick={() => setOpen("cancel")}>
                  End the plan
                </Button>
              )
            ) : null}
            {plan.max_deploys !== null ? (
              <Button
                size="sm"
                isLoading={slot.isPending}
                loadingWord="Leading to the payment"
                onClick={() => slot.mutate(undefined, { onError: report })}
              >
                One more hosted project, {dollars(offers.deploy_slot_price_cents)}
              </Button>
            ) : null}
          </div>
        ) : null}
      </div>
      {open === "change" ? <PlanDialog plan={plan} offers={offers} onClose={() => setOpen(undefined)} /> : null}
      <ConfirmDialog
        isOpen={open === "cancel"}
        onOpenChange={(isOpen) => setOpen(isOpen ? "cancel" : undefined)}
        title="End the plan?"
        act="End it"
        actWord="Ending"
        onConfirm={async () => {
          await cancel.mutateAsync();
          toast("The plan ends with the time that is paid.");
        }}
      >
        It goes on until {plan.current_period_end ? dayOf(plan.current_period_end) : "the end of the time that is paid"}. Then its credits
        are gone; what you bought stays. You can change your mind until then.
      </ConfirmDialog>
    </SettingsSection>
  );
}
