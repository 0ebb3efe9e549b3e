import { keepPreviousData, queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { QrCode as QrIcon } from "lucide-react";
import { Suspense, useState } from "react";
import { api } from "../../api.ts";
import { lazyComponent } from "../../lib/chunks.ts";
import { counted } from "../../lib/counted.ts";
import { hasCode } from "../../lib/errors.ts";
import { formatNumber, formatPercent } from "../../lib/numbers.ts";
import { Button } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Pager } from "../../ui/Pager.tsx";
import { Popover } from "../../ui/Popover.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { Skeleton, SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { forgetReferralCode, readReferralCode } from "./referral-code.ts";
import { referralQuery } from "./referrals.queries.ts";

const QrCode = lazyComponent(async () => (await import("../../ui/QrCode.tsx")).QrCode);

const signUpsPerPage = 10;
const signUpsQuery = (page: number) =>
  queryOptions({
    queryKey: ["referrals", "sign-ups", page],
    queryFn: ({ signal }) => api.referrals.signUps({ query: { page, limit: signUpsPerPage } }, { signal }),
    placeholderData: keepPreviousData,
  });

/** The user's referral link with its statistics, and the code with which the user was referred. */
export function ReferralSettings() {
  const { data, error, refetch, isFetching } = useQuery(referralQuery);
  if (error && !data) return <LoadFailed className="px-0" title="Couldn't load your referral link" of={{ error, refetch, isFetching }} />;
  if (!data) return <SkeletonRows count={4} label="Loading your referral link…" />;
  const { landings, conversions, conversion_rate } = data.stats;
  return (
    <>
      {error ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-4" /> : null}
      <SettingsSection
        id="referral-link"
        title="Your referral link"
        hint={
          data.reward_credits > 0
            ? `When someone signs up with your link, you both get ${counted(data.reward_credits, "credit")}.`
            : "You see how many people sign up with your link, but not who."
        }
      >
        <div className="grid gap-2">
          {[
            { kind: "link", label: "Link", copyLabel: "Copy link", text: data.referral_url },
            { kind: "code", label: "Code", copyLabel: "Copy code", text: data.referral_code },
          ].map(({ kind, label, copyLabel, text }) => (
            <div key={kind} className="flex items-center gap-2 rounded-2 border border-line-0 bg-bg-2 py-1.5 pr-1.5 pl-3">
              <span className="w-10 flex-none text-xs text-fg-2">{label}</span>
              <code className="min-w-0 flex-1 font-mono text-xs break-all text-fg-0 select-all">{text}</code>
              {kind === "link" ? (
                <Popover
                  label="QR code of your referral link"
                  align="end"
                  trigger={
                    <IconButton size="sm" label="Show QR code">
                      <QrIcon size={14} />
                    </IconButton>
                  }
                >
                  <Suspense fallback={<Skeleton className="size-44" />}>
                    <QrCode text={text} label="QR code of your referral link" />
                  </Suspense>
                </Popover>
              ) : null}
              <CopyButton text={text} label={copyLabel} />
            </div>
          ))}
        </div>
        <dl className="mt-4 grid grid-cols-3 gap-2">
          {[
            ["Visits", formatNumber(landings)],
            ["Sign-ups", formatNumber(conversions)],
            ["Conversion", landings === 0 ? "None yet" : formatPercent(conversion_rate / 100, 1)],
          ].map(([label, value]) => (
            <div key={label} className="rounded-3 border border-line-0 px-3 py-2">
              <dt className="text-xs text-fg-2">{label}</dt>
              <dd className="num text-lg text-fg-0">{value}</dd>
            </div>
          ))}
        </dl>
      </SettingsSection>
      {conversions > 0 ? <SignUps /> : null}
      <SettingsSection id="referred-by" title="Referred by" hint="You can apply one referral code within 30 days of signing up.">
        {data.referred_by === null ? (
          <ApplyForm />
        ) : (
          <p className="text-fg-1">
            You were referred with the code <code className="font-mono text-fg-0">{data.referred_by}</code>.
          </p>
        )}
      </SettingsSection>
    </>
  );
}

/** When people signed up with the code, without saying who. */
function SignUps() {
  const [page, setPage] = useState(1);
  const list = useQuery(signUpsQuery(page));
  return (
    <SettingsSection id="sign-ups" title="Sign-ups" hint="When people signed up with your link, and what you got.">
      {list.error && !list.data ? (
        <LoadFailed className="px-0" title="Couldn't load sign-ups" of={list} />
      ) : !list.data ? (
        <SkeletonRows count={3} label="Loading sign-ups…" />
      ) : (
        <>
          <ul aria-label="Sign-ups" aria-busy={list.isFetching} className="divide-y divide-line-0 border-y border-line-0">
            {list.data.items.map(({ created_at, reward_credits }, index) => (
              <li key={`${created_at} ${index}`} className="flex items-center justify-between gap-3 py-2">
                <RelativeTime at={created_at} />
                <span className="num text-fg-0">{reward_credits > 0 ? counted(reward_credits, "credit") : "No reward"}</span>
              </li>
            ))}
          </ul>
          <Pager list={list.data} page={page} perPage={signUpsPerPage} onPage={setPage} className="mt-3 justify-end" />
        </>
      )}
    </SettingsSection>
  );
}

function ApplyForm() {
  const queryClient = useQueryClient();
  const form = useForm({
    start: { referral_code: readReferralCode() ?? "" },
    submit: async ({ referral_code }) => {
      await api.referrals.apply({ body: { referral_code: referral_code.trim() } });
      forgetReferralCode();
      toast("Referral code applied.");
      await queryClient.invalidateQueries({ queryKey: referralQuery.queryKey });
    },
    faultsOf: (error) => (hasCode(error, "not_found") ? { referral_code: "Referral code not found." } : undefined),
    errorField: "referral_code",
  });
  return (
    <form onSubmit={form.onSubmit} noValidate className="flex items-start gap-2">
      <Field label="Referral code" error={form.errors.referral_code} className="max-w-60 flex-1">
        <Input
          {...form.text("referral_code")}
          maxLength={32}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          className="font-mono uppercase"
        />
      </Field>
      <Button
        type="submit"
        className="mt-6.25"
        disabled={!form.values.referral_code.trim()}
        isLoading={form.isSubmitting}
        loadingWord="Applying…"
      >
        Apply code
      </Button>
    </form>
  );
}
