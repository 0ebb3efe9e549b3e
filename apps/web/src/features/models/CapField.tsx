import { useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { dollarInput, formatDollars, parseDollars } from "../../lib/money.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useSubmission } from "../../ui/form/use-submission.ts";
import { Input } from "../../ui/Input.tsx";
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
  const { errors, isSubmitting, onSubmit } = useSubmission([cap], {
    submit: async () => {
      if (isWrong || amount === saved) return;
      await save.mutateAsync({ [cap]: amount });
      setText(undefined);
    },
    errorField: cap,
  });
  return (
    <form className="grid grid-cols-[minmax(0,1fr)_auto] gap-x-2 [&_input]:min-w-0" onSubmit={onSubmit} noValidate>
      <Field
        label={label}
        error={isWrong ? `Must be from ${formatDollars(1)} to ${formatDollars(most[cap])}, or empty.` : errors[cap]}
        hint={hint}
      >
        <Input size="sm" inputMode="decimal" placeholder={placeholder} value={shown} onChange={(event) => setText(event.target.value)} />
      </Field>
      <Button className="mt-5.75 self-start" type="submit" disabled={isWrong || amount === saved || isSubmitting}>
        Save
      </Button>
    </form>
  );
}
