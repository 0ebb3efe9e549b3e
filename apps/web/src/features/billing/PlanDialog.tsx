import { useState } from "react";
import type { BillingConfig, BillingInterval, Subscription } from "@tesslate/contract";
import { cx } from "../../lib/cx.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { dollars } from "../../lib/money.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { useBillingActs } from "./billing.queries.ts";
import { order, tierName } from "./tiers.ts";

const limit = (n: number | null, noun: string) => `${n === null ? "Any number of" : n} ${noun}${n === 1 ? "" : "s"}`;

/** The plans above one's own; choosing one leads to the page on which to pay. */
export function PlanDialog({ plan, offers, onClose }: { plan: Subscription; offers: BillingConfig; onClose: () => void }) {
  const { subscribe } = useBillingActs();
  const [interval, setInterval] = useState<BillingInterval>("monthly");
  const tiers = offers.tiers.filter((one) => order.indexOf(one.tier) > order.indexOf(plan.tier));
  const hasAnnual = tiers.some((one) => one.intervals.includes("annual"));
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && !subscribe.isPending && onClose()}
      title="Which plan?"
      description="You pay on the payment provider's page. The plan can be ended at any time; it goes on until the end of the time that is paid."
      className="w-[min(720px,calc(100vw-24px))]"
    >
      {hasAnnual ? (
        <div className="mb-3">
          <SegmentedControl
            label="Paid"
            value={interval}
            onChange={setInterval}
            segments={[
              { value: "monthly", label: "By the month", isLabelShown: true },
              { value: "annual", label: "By the year", isLabelShown: true },
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
                {interval === "annual" ? "The price of a year stands on the next page" : `${dollars(one.price_cents)} a month`}
              </p>
              <ul className="num mt-2 grid flex-1 gap-0.5 text-xs text-fg-1">
                <li>{one.monthly_allowance.toLocaleString("en")} credits a month</li>
                <li>{limit(one.max_projects, "project")}</li>
                <li>{limit(one.max_deploys, "hosted project")}</li>
                {one.byok_enabled ? <li>Your own keys for models</li> : null}
              </ul>
              <Button
                className="mt-3"
                disabled={!isOffered || (subscribe.isPending && subscribe.variables?.tier !== one.tier)}
                isLoading={subscribe.isPending && subscribe.variables?.tier === one.tier}
                loadingWord="Leading to the payment"
                onClick={() => one.tier !== "free" && subscribe.mutate({ tier: one.tier, billing_interval: interval })}
              >
                {isOffered ? `Choose ${tierName(one.tier)}` : "Not offered"}
              </Button>
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}
