import { useQuery } from "@tanstack/react-query";
import { Suspense, useState } from "react";
import { api } from "../../api.ts";
import { lazily } from "../../lib/chunks.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { agoOf, momentOf } from "../../lib/time.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { CodeInput } from "../../ui/CodeInput.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { Skeleton, SkeletonRows } from "../../ui/Skeleton.tsx";
import { toast } from "../../ui/toast.tsx";
import { securityQuery, useSecurityActs } from "../auth/index.ts";
import { ProofDialog } from "./ProofDialog.tsx";
import { RecoveryCodesDialog } from "./RecoveryCodes.tsx";

const QrCode = lazily(async () => (await import("../../ui/QrCode.tsx")).QrCode);
const codeLength = 6;
const fewCodes = 3;
type Begun = Awaited<ReturnType<typeof api.secondFactor.beginTotp>>;

/** The authenticator app and the recovery codes that stand in for it. */
export function AuthenticatorSettings() {
  const { data, error, refetch, isFetching } = useQuery(securityQuery);
  const { removeTotp, makeRecoveryCodes } = useSecurityActs();
  const [asking, setAsking] = useState<"set-up" | "remove" | "codes">();
  const [begun, setBegun] = useState<Begun>();
  const [codes, setCodes] = useState<readonly string[]>();
  const app = data?.totp;
  const hasCodes = data !== undefined && (data.totp !== null || data.email_codes || data.is_required_here);
  return (
    <SettingsSection
      title="Authenticator app"
      hint="After the password, signing in asks for six digits that an app on your phone shows."
      action={data ? <Pill tone={app ? "ok" : "neutral"}>{app ? "On" : "Off"}</Pill> : null}
    >
      {error && data ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-3" /> : null}
      {error && !data ? (
        <LoadFailed className="px-0" title="How you sign in could not be read" of={{ error, refetch, isFetching }} />
      ) : !data ? (
        <SkeletonRows count={2} label="Loading" />
      ) : (
        <div className="grid gap-3">
          {app ? (
            <div className="flex flex-wrap items-center gap-2">
              <p className="min-w-0 flex-1 text-xs text-fg-2">
                Since <time title={momentOf(app.confirmed_at)}>{agoOf(app.confirmed_at)}</time>
                {app.last_used_at ? (
                  <>
                    , last used <time title={momentOf(app.last_used_at)}>{agoOf(app.last_used_at)}</time>
                  </>
                ) : (
                  ", not used yet"
                )}
              </p>
              <Button size="sm" variant="danger" onClick={() => setAsking("remove")}>
                Switch the app off
              </Button>
            </div>
          ) : (
            <div>
              <Button onClick={() => setAsking("set-up")}>Set up an app</Button>
            </div>
          )}
          {hasCodes ? (
            <div className="flex flex-wrap items-center gap-2 border-t border-line-0 pt-3">
              <p className="min-w-0 flex-1 text-fg-1">
                {data.recovery_codes_left === 0 ? "No recovery codes" : `${data.recovery_codes_left} recovery codes left`}
                {data.recovery_codes_left < fewCodes ? (
                  <span className="block text-xs text-warn">Without your phone you could be locked out.</span>
                ) : null}
              </p>
              <Button size="sm" onClick={() => setAsking("codes")}>
                Make new codes
              </Button>
            </div>
          ) : null}
        </div>
      )}
      {asking === "set-up" ? (
        <ProofDialog
          title="Set up an authenticator app"
          act="Go on"
          actWord="Checking"
          onClose={() => setAsking(undefined)}
          onProve={async (proof) => setBegun(await api.secondFactor.beginTotp({ body: proof }))}
        >
          <p className="text-fg-2">Any app for one-time codes will do: a password manager, Aegis, 2FAS, Google Authenticator.</p>
        </ProofDialog>
      ) : null}
      {asking === "remove" ? (
        <ProofDialog
          title="Switch the authenticator app off?"
          act="Switch it off"
          actWord="Switching off"
          isDanger
          onClose={() => setAsking(undefined)}
          onProve={async (proof) => {
            await removeTotp.mutateAsync(proof);
            toast("The app is switched off.");
          }}
        >
          <p className="text-fg-2">Signing in will no longer ask for its code.</p>
        </ProofDialog>
      ) : null}
      {asking === "codes" ? (
        <ProofDialog
          title="Make new recovery codes?"
          act="Make new codes"
          actWord="Making"
          onClose={() => setAsking(undefined)}
          onProve={async (proof) => setCodes((await makeRecoveryCodes.mutateAsync(proof)).recovery_codes)}
        >
          <p className="text-fg-2">All former codes stop working.</p>
        </ProofDialog>
      ) : null}
      {begun ? (
        <ScanDialog begun={begun} onCancel={() => setBegun(undefined)} onDone={(made) => (setBegun(undefined), setCodes(made))} />
      ) : null}
      {codes ? <RecoveryCodesDialog codes={codes} onClose={() => setCodes(undefined)} /> : null}
    </SettingsSection>
  );
}

/** The secret, for a camera and for typing, and the first code of it. */
function ScanDialog({ begun, onCancel, onDone }: { begun: Begun; onCancel: () => void; onDone: (codes: readonly string[]) => void }) {
  const { confirmTotp } = useSecurityActs();
  const [code, setCode] = useState("");
  const [error, setError] = useState<string>();
  const [failure, setFailure] = useState<string>();
  const confirm = (entered: string) => {
    if (entered.length !== codeLength || confirmTotp.isPending) return;
    setError(undefined);
    confirmTotp.mutate(entered, {
      onSuccess: ({ recovery_codes }) => {
        toast("The app is set up: the next sign-in asks for its code.");
        onDone(recovery_codes);
      },
      onError: (cause) => {
        setCode("");
        if (hasCode(cause, "code_invalid")) setError("That code does not fit. Is the clock of your phone right?");
        else setFailure(sentenceOf(cause));
      },
    });
  };
  return (
    <Dialog isOpen isHeld onOpenChange={(isOpen) => !isOpen && onCancel()} title="Scan this with your app">
      <form
        className="grid gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          confirm(code);
        }}
      >
        {failure ? <Banner tone="err">{failure}</Banner> : null}
        <div className="flex flex-wrap items-start gap-4">
          <Suspense fallback={<Skeleton className="size-44" />}>
            <QrCode text={begun.otpauth_url} label="QR code for the authenticator app" />
          </Suspense>
          <div className="min-w-0 flex-1 basis-40">
            <p className="text-fg-2">Or type this in:</p>
            <div className="mt-1 flex items-start gap-1">
              <code className="min-w-0 flex-1 font-mono text-sm wrap-anywhere text-fg-0">
                {begun.secret.replace(/(.{4})(?=.)/g, "$1 ")}
              </code>
              <CopyButton text={begun.secret} label="Copy the secret" />
            </div>
          </div>
        </div>
        <Field label="The six digits it shows now" error={error}>
          <CodeInput autoFocus value={code} onChange={setCode} onComplete={confirm} />
        </Field>
        <div className="flex justify-end gap-2">
          <Button type="button" variant="ghost" onClick={onCancel}>
            Cancel
          </Button>
          <Button
            type="submit"
            variant="primary"
            disabled={code.length !== codeLength}
            isLoading={confirmTotp.isPending}
            loadingWord="Checking"
          >
            Switch it on
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
