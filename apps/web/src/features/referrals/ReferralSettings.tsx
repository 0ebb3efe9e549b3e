import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { QrCode as QrIcon } from "lucide-react";
import { Suspense, useState, type FormEvent } from "react";
import { api } from "../../api.ts";
import { lazily } from "../../lib/chunks.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Field } from "../../ui/Field.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { Skeleton, SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { forgetArrival, readArrival } from "./arrival.ts";

const QrCode = lazily(async () => (await import("../../ui/QrCode.tsx")).QrCode);

const referralQuery = queryOptions({
  queryKey: ["referrals", "code"],
  queryFn: ({ signal }) => api.referrals.code(undefined, { signal }),
});

/** One's own link and how it fares, and by whom one came. Never who came. */
export function ReferralSettings() {
  const { data, error, refetch, isFetching } = useQuery(referralQuery);
  if (error && !data) return <LoadFailed className="px-0" title="Your code could not be read" of={{ error, refetch, isFetching }} />;
  if (!data) return <SkeletonRows count={4} label="Loading" />;
  const { landings, conversions, conversion_rate } = data.stats;
  return (
    <>
      {error ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-4" /> : null}
      <SettingsSection
        title="Your link"
        hint={
          data.reward_credits > 0
            ? `Whoever makes an account by it gets ${data.reward_credits} credits, and so do you.`
            : "Whoever makes an account by it is counted here. You see how many came, not who."
        }
      >
        <div className="grid gap-2">
          {[
            { label: "Link", text: data.referral_url },
            { label: "Code", text: data.referral_code },
          ].map(({ label, text }) => (
            <div key={label} className="flex items-center gap-2 rounded-2 border border-line-0 bg-bg-2 py-1.5 pr-1.5 pl-3">
              <span className="w-10 flex-none text-xs text-fg-2">{label}</span>
              <code className="min-w-0 flex-1 font-mono text-xs break-all text-fg-0 select-all">{text}</code>
              {label === "Link" ? (
                <Popover
                  label="QR code of the link"
                  align="end"
                  trigger={
                    <IconButton size="sm" label="Show it as a QR code">
                      <QrIcon size={14} />
                    </IconButton>
                  }
                >
                  <Suspense fallback={<Skeleton className="size-44" />}>
                    <QrCode text={text} label="QR code of the link" />
                  </Suspense>
                </Popover>
              ) : null}
              <CopyButton text={text} label={`Copy the ${label.toLowerCase()}`} />
            </div>
          ))}
        </div>
        <dl className="mt-4 grid grid-cols-3 gap-2">
          {[
            ["Visits", String(landings)],
            ["Accounts", String(conversions)],
            ["Of the visits", landings === 0 ? "none yet" : `${conversion_rate} %`],
          ].map(([label, value]) => (
            <div key={label} className="rounded-3 border border-line-0 px-3 py-2">
              <dt className="text-xs text-fg-2">{label}</dt>
              <dd className="num text-lg text-fg-0">{value}</dd>
            </div>
          ))}
        </dl>
      </SettingsSection>
      <SettingsSection title="By whom you came" hint="Once, in the first 30 days of your account.">
        {data.referred_by === null ? (
          <ApplyForm />
        ) : (
          <p className="text-fg-1">
            You came by <code className="font-mono text-fg-0">{data.referred_by}</code>.
          </p>
        )}
      </SettingsSection>
    </>
  );
}

function ApplyForm() {
  const queryClient = useQueryClient();
  const [code, setCode] = useState(() => readArrival() ?? "");
  const apply = useMutation({
    mutationFn: () => api.referrals.apply({ body: { referral_code: code.trim() } }),
    onSuccess: () => {
      forgetArrival();
      toast("Noted. Thank you.");
      return queryClient.invalidateQueries({ queryKey: referralQuery.queryKey });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (code.trim()) apply.mutate();
  };
  const problem = apply.error && (hasCode(apply.error, "not_found") ? "Nobody here has that code." : sentenceOf(apply.error));
  return (
    <form onSubmit={submit} noValidate className="flex items-start gap-2">
      <Field label="Their code" error={problem} className="max-w-60 flex-1">
        <Input
          value={code}
          maxLength={32}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          className="font-mono uppercase"
          onChange={(event) => {
            apply.reset();
            setCode(event.target.value);
          }}
        />
      </Field>
      <Button type="submit" className="mt-[25px]" disabled={!code.trim()} isLoading={apply.isPending} loadingWord="Checking">
        Apply
      </Button>
    </form>
  );
}
