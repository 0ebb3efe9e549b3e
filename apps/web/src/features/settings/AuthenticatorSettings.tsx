import { useQuery } from "@tanstack/react-query";
import { Suspense, useState } from "react";
import { api } from "../../api.ts";
import { lazyComponent } from "../../lib/chunks.ts";
import { counted } from "../../lib/counted.ts";
import { hasCode } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { CodeInput } from "../../ui/CodeInput.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { Skeleton, SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { securityQuery, useSecurityActions } from "../auth/index.ts";
import { ProofDialog } from "./ProofDialog.tsx";
import { RecoveryCodesDialog } from "./RecoveryCodes.tsx";

const QrCode = lazyComponent(async () => (await import("../../ui/QrCode.tsx")).QrCode);
const codeLength = 6;
const fewCodes = 3;
type Begun = Awaited<ReturnType<typeof api.secondFactor.beginTotp>>;

/** The authenticator app and its recovery codes. */
export function AuthenticatorSettings() {
  const { data, error, refetch, isFetching } = useQuery(securityQuery);
  const { removeTotp, makeRecoveryCodes } = useSecurityActions();
  const [asking, setAsking] = useState<"set-up" | "remove" | "codes">();
  const [begun, setBegun] = useState<Begun>();
  const [codes, setCodes] = useState<readonly string[]>();
  const app = data?.totp;
  const hasCodes = data !== undefined && (data.totp !== null || data.email_codes || data.is_required_here);
  return (
    <SettingsSection
      id="authenticator"
      title="Authenticator app"
      hint="When on, signing in with your password also requires a 6-digit code from an app on your phone."
      action={data ? <Pill tone={app ? "ok" : "neutral"}>{app ? "On" : "Off"}</Pill> : null}
    >
      {error && data ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-3" /> : null}
      {error && !data ? (
        <LoadFailed className="px-0" title="Couldn't load sign-in methods" of={{ error, refetch, isFetching }} />
      ) : !data ? (
        <SkeletonRows count={2} label="Loading sign-in methods…" />
      ) : (
        <div className="grid gap-3">
          {app ? (
            <div className="flex flex-wrap items-center gap-2">
              <p className="min-w-0 flex-1 text-xs text-fg-2">
                Added <RelativeTime at={app.confirmed_at} /> ·{" "}
                {app.last_used_at ? (
                  <>
                    Last used <RelativeTime at={app.last_used_at} />
                  </>
                ) : (
                  "Never used"
                )}
              </p>
              <Button size="sm" variant="danger" onClick={() => setAsking("remove")}>
                Remove app
              </Button>
            </div>
          ) : (
            <div>
              <Button onClick={() => setAsking("set-up")}>Set up app</Button>
            </div>
          )}
          {hasCodes ? (
            <div className="flex flex-wrap items-center gap-2 border-t border-line-0 pt-3">
              <p className="min-w-0 flex-1 text-fg-1">
                {data.recovery_codes_left === 0 ? "No recovery codes" : `${counted(data.recovery_codes_left, "recovery code")} left`}
                {data.recovery_codes_left < fewCodes ? (
                  <span className="block text-xs text-warn">If you lose your phone, you could be locked out.</span>
                ) : null}
              </p>
              <Button size="sm" onClick={() => setAsking("codes")}>
                Create new codes
              </Button>
            </div>
          ) : null}
        </div>
      )}
      {asking === "set-up" ? (
        <ProofDialog
          title="Set up authenticator app"
          confirmLabel="Continue"
          loadingWord="Verifying…"
          onClose={() => setAsking(undefined)}
          onProve={async (proof) => setBegun(await api.secondFactor.beginTotp({ body: proof }))}
        >
          <p className="text-fg-2">Use any app for one-time codes, such as Aegis, 2FAS, Google Authenticator or a password manager.</p>
        </ProofDialog>
      ) : null}
      {asking === "remove" ? (
        <ProofDialog
          title="Remove authenticator app?"
          confirmLabel="Remove app"
          loadingWord="Removing…"
          isDanger
          onClose={() => setAsking(undefined)}
          onProve={async (proof) => {
            await removeTotp.mutateAsync(proof);
            toast("Authenticator app removed.");
          }}
        >
          <p className="text-fg-2">Signing in no longer requires a code from this app.</p>
        </ProofDialog>
      ) : null}
      {asking === "codes" ? (
        <ProofDialog
          title="Create new recovery codes?"
          confirmLabel="Create new codes"
          loadingWord="Creating…"
          onClose={() => setAsking(undefined)}
          onProve={async (proof) => setCodes((await makeRecoveryCodes.mutateAsync(proof)).recovery_codes)}
        >
          <p className="text-fg-2">Your old codes stop working.</p>
        </ProofDialog>
      ) : null}
      {begun ? (
        <ScanDialog begun={begun} onCancel={() => setBegun(undefined)} onDone={(made) => (setBegun(undefined), setCodes(made))} />
      ) : null}
      {codes ? <RecoveryCodesDialog codes={codes} onClose={() => setCodes(undefined)} /> : null}
    </SettingsSection>
  );
}

/** Shows the secret as a QR code and as text, and confirms it with the first code. */
function ScanDialog({ begun, onCancel, onDone }: { begun: Begun; onCancel: () => void; onDone: (codes: readonly string[]) => void }) {
  const { confirmTotp } = useSecurityActions();
  const form = useForm({
    start: { code: "" },
    submit: async ({ code }) => {
      try {
        const { recovery_codes } = await confirmTotp.mutateAsync(code);
        toast("Authenticator app added. Your next sign-in requires a code.");
        onDone(recovery_codes);
      } catch (error) {
        form.set("code", "");
        throw error;
      }
    },
    faultsOf: (error) =>
      hasCode(error, "code_invalid") ? { code: "Incorrect code. Check that your phone's clock is correct." } : undefined,
  });
  const isComplete = form.values.code.length === codeLength;
  return (
    <Dialog isOpen isHeld onOpenChange={(isOpen) => !isOpen && onCancel()} title="Scan this QR code with your app">
      <form className="grid gap-4" onSubmit={form.onSubmit} noValidate>
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        <div className="flex flex-wrap items-start gap-4">
          <Suspense fallback={<Skeleton className="size-44" />}>
            <QrCode text={begun.otpauth_url} label="QR code for the authenticator app" />
          </Suspense>
          <div className="min-w-0 flex-1 basis-40">
            <p className="text-fg-2">Or enter this key in the app:</p>
            <div className="mt-1 flex items-start gap-1">
              <code className="min-w-0 flex-1 font-mono text-sm wrap-anywhere text-fg-0">
                {begun.secret.replace(/(.{4})(?=.)/g, "$1 ")}
              </code>
              <CopyButton text={begun.secret} label="Copy key" />
            </div>
          </div>
        </div>
        <Field label="6-digit code" error={form.errors.code}>
          <CodeInput autoFocus {...form.choice("code")} onComplete={() => form.onSubmit()} />
        </Field>
        <div className="flex justify-end gap-2">
          <Button type="button" variant="ghost" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" variant="primary" disabled={!isComplete} isLoading={form.isSubmitting} loadingWord="Verifying…">
            Verify code
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
