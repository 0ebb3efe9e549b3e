import { useMutation, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Check } from "lucide-react";
import type { ReactNode } from "react";
import { api } from "../../api.ts";
import { sentenceOf } from "../../lib/errors.ts";
import { leaveFor } from "../../lib/leave.ts";
import { formatPercent } from "../../lib/numbers.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { keepReturnPlace, offersQuery } from "../billing/index.ts";
import { dashboardQuery } from "../creators/index.ts";
import { meQuery } from "../users/index.ts";
import type { AgentForm } from "./agent-form.ts";

/** The price of an agent. Shows nothing if this server has no payments. */
export function PriceSection({ form, set, fault }: { form: AgentForm; set: (change: Partial<AgentForm>) => void; fault: ReactNode }) {
  const { data: offers } = useQuery(offersQuery);
  const { data: me } = useSuspenseQuery(meQuery);
  const isPaid = form.pricing_type !== "free";
  const { data: studio } = useQuery({ ...dashboardQuery, enabled: offers?.is_enabled === true && isPaid });
  const connect = useMutation({
    mutationFn: async () => {
      const { onboarding_url } = await api.creatorStudio.connect();
      keepReturnPlace();
      await leaveFor(onboarding_url);
    },
  });
  if (!offers?.is_enabled) return null;
  const lacksAccount = isPaid && studio !== undefined && !studio.payouts.connected;
  return (
    <SettingsSection
      title="Price"
      hint={
        <>
          You keep {formatPercent(offers.creator_share)} of every sale. Set up payouts in the{" "}
          <Link to="/settings/creator" className="link">
            creator studio
          </Link>
          .
        </>
      }
    >
      <div className="grid gap-3.5">
        <SegmentedControl
          label="Price"
          value={form.pricing_type}
          // A prompt that is sold is hidden, unless the creator shows it.
          onChange={(pricing_type) =>
            set({
              pricing_type,
              ...((pricing_type === "free") !== (form.pricing_type === "free") && {
                source_type: pricing_type === "free" ? "open" : "closed",
              }),
            })
          }
          segments={[
            { value: "free", label: "Free", isLabelShown: true },
            { value: "one_time", label: "One-time", isLabelShown: true },
            { value: "monthly", label: "Monthly", isLabelShown: true },
          ]}
        />
        {lacksAccount ? (
          <Banner
            tone="warn"
            action={
              <Button size="sm" isLoading={connect.isPending} loadingWord="Redirecting to Stripe…" onClick={() => connect.mutate()}>
                {studio.payouts.account_id ? "Finish payout setup" : "Set up payouts"}
              </Button>
            }
          >
            {connect.error
              ? sentenceOf(connect.error)
              : "To sell, you need a payout account first. Your draft is kept, and you return here after the setup."}
          </Banner>
        ) : null}
        {isPaid && studio?.payouts.connected ? (
          <p className="flex items-center gap-2 text-sm text-fg-1">
            <Check size={15} aria-hidden="true" className="flex-none text-ok" />
            Your payout account is ready.
          </p>
        ) : null}
        {isPaid && !me.bio?.trim() ? (
          <p className="text-sm text-fg-1">
            Your public profile is empty. Buyers read it before they pay.{" "}
            <Link to="/settings/profile" target="_blank" className="link">
              Edit profile
            </Link>
          </p>
        ) : null}
        {isPaid ? (
          <>
            <Field label="Price (USD)" error={fault}>
              <Input
                inputMode="decimal"
                value={form.price}
                maxLength={10}
                autoComplete="off"
                onChange={(event) => set({ price: event.target.value })}
              />
            </Field>
            <Switch
              isOn={form.source_type === "closed"}
              label="Hide the system prompt"
              hint="Buyers can use the agent, but can't read or copy its prompt."
              onChange={(isOn) => set({ source_type: isOn ? "closed" : "open" })}
            />
          </>
        ) : null}
      </div>
    </SettingsSection>
  );
}
