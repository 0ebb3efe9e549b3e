import { useState } from "react";
import type { BillingConfig, BillingInterval, Subscription } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { formatDollars } from "../../lib/money.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { useBillingActions } from "./billing.queries.ts";
import { alwaysOnLimit, order, projectLimit, tierName } from "./tiers.ts";

/** The plans above the current one. Choosing one opens the checkout. */
export function PlanDialog({ plan, offers, onClose }: { plan: Subscription; offers: BillingConfig; onClose: () => void }) {
  const { subscribe } = useBillingActions();
  const [interval, setInterval] = useState<BillingInterval>("monthly");
  const tiers = offers.tiers.filter((one) => order.indexOf(one.tier) > order.indexOf(plan.tier));
  const hasAnnual = tiers.some((one) => one.intervals.includes("annual"));
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && !subscribe.isPending && onClose()}
      title="Choose plan"
      description="You pay on Stripe's checkout page. You can end the plan any time; it stays active until the end of the billing period."
      width="xl"
    >
      {hasAnnual ? (
        <div className="mb-3">
          <SegmentedControl
            label="Billing interval"
            value={interval}
            onChange={setInterval}
            segments={[
              { value: "monthly", label: "Monthly", isLabelShown: true },
              { value: "annual", label: "Yearly", isLabelShown: true },
            ]}
          />
        </div>
      ) : null}
      {subscribe.error ? (
        <Banner tone="err" className="mb-3">
          {sentenceOf(subscribe.error)}
        </Banner>
      ) : null}
      <ul role="list" className="grid grid-cols-3 gap-3 narrow:grid-cols-1">
        {tiers.map((one) => {
          const isOffered = one.intervals.includes(interval);
          return (
            <li key={one.tier} className={cx("flex flex-col rounded-3 border border-line-0 p-3.5", !isOffered && "text-fg-2")}>
              <h3 className="text-md">{tierName(one.tier)}</h3>
              <p className="num text-sm text-fg-1">
                {interval === "annual" ? "Yearly price shown at checkout" : `${formatDollars(one.price_cents)} a month`}
              </p>
              <ul className="num mt-2 grid flex-1 gap-0.5 text-xs text-fg-1">
                <li>{counted(one.monthly_allowance, "credit")} a month</li>
                <li>{projectLimit(one.max_projects)}</li>
                <li>{alwaysOnLimit(one.max_deploys)}</li>
                {one.byok_enabled ? <li>Your own API keys</li> : null}
              </ul>
              <Button
                className="mt-3"
                disabled={!isOffered || (subscribe.isPending && subscribe.variables?.tier !== one.tier)}
                isLoading={subscribe.isPending && subscribe.variables?.tier === one.tier}
                loadingWord="Redirecting to checkout…"
                onClick={() => one.tier !== "free" && subscribe.mutate({ tier: one.tier, billing_interval: interval })}
              >
                {isOffered ? `Choose ${tierName(one.tier)}` : "Not available"}
              </Button>
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}
