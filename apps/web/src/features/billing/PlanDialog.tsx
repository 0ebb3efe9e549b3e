import type { BillingConfig, BillingInterval, Subscription } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatPercent } from "../../lib/numbers.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { useBillingActions } from "./billing.queries.ts";
import { alwaysOnLimit, order, projectLimit, tierName } from "./tiers.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

/** What a year costs less than twelve months: 9800 cents, 0.17; undefined if it does not cost less. */
function savingOf(monthly: number, annual: number): { cents: number; share: number } | undefined {
  const cents = 12 * monthly - annual;
  return cents > 0 ? { cents, share: cents / (12 * monthly) } : undefined;
}

/** The plans above the current one, by the month and by the year. Choosing one opens the checkout. */
export function PlanDialog({ plan, offers, onClose }: { plan: Subscription; offers: BillingConfig; onClose: () => void }) {
  const { subscribe } = useBillingActions();
  const tiers = offers.tiers.filter((one) => one.intervals.length > 0 && order.indexOf(one.tier) > order.indexOf(plan.tier));
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && !subscribe.isPending && onClose()}
      title="Choose plan"
      description="You pay on Stripe's checkout page and return here. You can end the plan any time; it stays active until the end of the billing period."
      width="xl"
    >
      {subscribe.error ? (
        <Banner tone="err" className="mb-3">
          <ErrorSentence of={subscribe.error} />
        </Banner>
      ) : null}
      {tiers.length === 0 ? <p className="text-sm text-fg-1">There is no larger plan on this server.</p> : null}
      <ul role="list" className="grid grid-cols-3 gap-3 narrow:grid-cols-1">
        {tiers.map((one) => (
          <li key={one.tier} className="flex flex-col rounded-3 border border-line-0 p-3.5">
            <h3 className="text-md">{tierName(one.tier)}</h3>
            <ul className="num mt-1 mb-3 grid flex-1 content-start gap-0.5 text-xs text-fg-1">
              <li>{counted(one.monthly_allowance, "credit")} a month</li>
              <li>{projectLimit(one.max_projects)}</li>
              <li>{alwaysOnLimit(one.max_deploys)}</li>
              {one.byok_enabled ? <li>Your own API keys</li> : null}
            </ul>
            {one.intervals.map((interval) => {
              const isChosen = subscribe.variables?.tier === one.tier && subscribe.variables.billing_interval === interval;
              const label = interval === "annual" ? "Choose yearly" : "Choose monthly";
              return (
                <div key={interval} className="border-t border-line-0 pt-2.5 not-last:pb-2.5">
                  <Price tier={one} interval={interval} />
                  <Button
                    className="mt-2 w-full"
                    aria-label={`${label}: ${tierName(one.tier)}`}
                    disabled={subscribe.isPending && !isChosen}
                    isLoading={subscribe.isPending && isChosen}
                    loadingWord="Redirecting to checkout…"
                    onClick={() => one.tier !== "free" && subscribe.mutate({ tier: one.tier, billing_interval: interval })}
                  >
                    {label}
                  </Button>
                </div>
              );
            })}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function Price({ tier, interval }: { tier: BillingConfig["tiers"][number]; interval: BillingInterval }) {
  if (interval === "monthly") return <p className="num text-sm text-fg-0">{formatDollars(tier.price_cents)} a month</p>;
  const { annual_price_cents: annual } = tier;
  if (annual === null) return <p className="text-sm text-fg-0">Yearly price shown at checkout</p>;
  const saving = tier.intervals.includes("monthly") ? savingOf(tier.price_cents, annual) : undefined;
  return (
    <p className="num text-sm text-fg-0">
      {formatDollars(annual)} a year
      <span className="block text-xs text-fg-2">{formatDollars(Math.round(annual / 12))} a month</span>
      {saving ? (
        <span className="block text-xs font-medium text-ok">
          Save {formatDollars(saving.cents)} ({formatPercent(saving.share)})
        </span>
      ) : null}
    </p>
  );
}
