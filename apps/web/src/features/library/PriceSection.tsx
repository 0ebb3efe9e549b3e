import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { offersQuery } from "../billing/billing.queries.ts";
import { SettingsSection } from "../settings/SettingsSection.tsx";
import type { AgentForm } from "./agent-form.ts";

/** What others pay for it; nothing where nothing can be paid. */
export function PriceSection({
  form,
  set,
  fault,
}: {
  form: AgentForm;
  set: (change: Partial<AgentForm>) => void;
  fault: string | undefined;
}) {
  const { data: offers } = useQuery(offersQuery);
  if (!offers?.is_enabled) return null;
  const isPaid = form.pricing_type !== "free";
  return (
    <SettingsSection
      title="Price"
      hint={
        <>
          You keep {Math.round(offers.creator_share * 100)} % of every sale. Where it is paid to is set up in the{" "}
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
          onChange={(pricing_type) => set({ pricing_type })}
          segments={[
            { value: "free", label: "Free", isLabelShown: true },
            { value: "one_time", label: "One payment", isLabelShown: true },
            { value: "monthly", label: "Monthly", isLabelShown: true },
          ]}
        />
        {isPaid ? (
          <>
            <Field label="Dollars" error={fault}>
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
              label="Keep its prompt to yourself"
              hint="Whoever buys it can use it, and neither read nor copy it."
              onChange={(isOn) => set({ source_type: isOn ? "closed" : "open" })}
            />
          </>
        ) : null}
      </div>
    </SettingsSection>
  );
}
