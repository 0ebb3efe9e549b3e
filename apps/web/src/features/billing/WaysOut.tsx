import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { formatDollars } from "../../lib/money.ts";
import { Button } from "../../ui/Button.tsx";
import { toastError } from "../../ui/toast.tsx";
import { helpTarget } from "../../ui/HelpLink.tsx";
import { meQuery } from "../users/index.ts";
import { OwnKeyDialog } from "../models/index.ts";
import { offersQuery, subscriptionQuery, useBillingActions } from "./billing.queries.ts";
import { settingOf, waysOut, type LimitError, type WayOut } from "./limits.ts";
import { PlanDialog } from "./PlanDialog.tsx";
import { TopUpDialog } from "./TopUpDialog.tsx";

/** What the person can do about a limit: top up, use an own key, upgrade, or buy one more always-on project. Nothing while prices load. */
export function WaysOut({ error }: { error: Pick<LimitError, "code"> }) {
  const plan = useQuery(subscriptionQuery).data;
  const offers = useQuery(offersQuery).data;
  const { portal, slot } = useBillingActions();
  const [open, setOpen] = useState<"top_up" | "own_key" | "upgrade">();
  const isAdministrator = useQuery({ ...meQuery, enabled: false }).data?.is_superuser ?? false;
  const setting = isAdministrator ? settingOf(error) : undefined;
  if (!plan || !offers) return null;
  const close = () => setOpen(undefined);
  const report = (failure: unknown) => toastError(failure);
  const buttons: Record<WayOut, { label: string; isLoading?: boolean; onClick: () => void }> = {
    top_up: { label: "Top up", onClick: () => setOpen("top_up") },
    own_key: { label: "Use my own key", onClick: () => setOpen("own_key") },
    upgrade: {
      label: "Upgrade",
      isLoading: portal.isPending,
      // A subscription changes its plan on Stripe's page.
      onClick: () => (plan.subscription_id ? portal.mutate(undefined, { onError: report }) : setOpen("upgrade")),
    },
    deploy_slot: {
      label: `Add always-on project (${formatDollars(offers.deploy_slot_price_cents)})`,
      isLoading: slot.isPending,
      onClick: () => slot.mutate(undefined, { onError: report }),
    },
  };
  return (
    <>
      {waysOut(error, plan, offers).map((way, index) => {
        const { label, isLoading = false, onClick } = buttons[way];
        return (
          <Button
            key={way}
            size="sm"
            variant={index === 0 ? "primary" : "plain"}
            isLoading={isLoading}
            loadingWord="Redirecting to Stripe…"
            onClick={onClick}
          >
            {label}
          </Button>
        );
      })}
      {setting === undefined ? null : (
        <Button size="sm" asChild>
          <Link {...helpTarget(setting)} target="_blank">
            Raise limit
          </Link>
        </Button>
      )}
      {open === "top_up" ? <TopUpDialog offers={offers} onClose={close} /> : null}
      {open === "upgrade" ? <PlanDialog plan={plan} offers={offers} onClose={close} /> : null}
      {open === "own_key" ? <OwnKeyDialog onSaved={close} onClose={close} /> : null}
    </>
  );
}
