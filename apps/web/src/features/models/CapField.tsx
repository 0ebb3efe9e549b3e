import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { sentenceOf } from "../../lib/errors.ts";
import { dollarInput, formatDollars, parseDollars } from "../../lib/money.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { toast } from "../../ui/toast.tsx";
import { modelPreferencesQuery, useSetModelPreferences } from "./preferences.queries.ts";

const most = { max_cost_cents: 1_000_000, own_key_day_cents: 10_000_000 } as const;

/** One of the person's cost limits, in dollars. Empty: no limit of their own. */
export function CapField({
  cap,
  label,
  placeholder,
  hint,
}: {
  cap: keyof typeof most;
  label: string;
  placeholder: string;
  hint?: ReactNode;
}) {
  const { data } = useQuery(modelPreferencesQuery(useServices().api));
  const save = useSetModelPreferences();
  const saved = data?.[cap] ?? null;
  const [text, setText] = useState<string>();
  const shown = text ?? (saved === null ? "" : dollarInput(saved));
  const amount = shown.trim() === "" ? null : parseDollars(shown);
  const isWrong = amount === undefined || (amount !== null && !(amount > 0 && amount <= most[cap]));
  const keep = () => {
    if (isWrong || amount === saved) return;
    save.mutate(
      { [cap]: amount },
      { onSuccess: () => setText(undefined), onError: (error) => toast(sentenceOf(error), { kind: "failed" }) },
    );
  };
  return (
    <form
      className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-2 [&_input]:min-w-0"
      onSubmit={(event) => {
        event.preventDefault();
        keep();
      }}
    >
      <Field
        label={label}
        error={isWrong ? `Must be from ${formatDollars(1)} to ${formatDollars(most[cap])}, or empty.` : undefined}
        hint={hint}
      >
        <Input size="sm" inputMode="decimal" placeholder={placeholder} value={shown} onChange={(event) => setText(event.target.value)} />
      </Field>
      <Button className="mt-[23px] self-start" type="submit" disabled={isWrong || amount === saved || save.isPending}>
        Save
      </Button>
    </form>
  );
}
