import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import type { UpdateUser, User } from "@tesslate/contract";
import { passwordProblem } from "@tesslate/contract/passwords";
import { api } from "../../api.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import type { Faults } from "../../ui/form/faults.ts";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { configQuery, PasswordHint, sessionsQuery, securityEventsQuery, securityQuery } from "../auth/index.ts";
import { meQuery, useUpdateMe } from "../users/index.ts";
import { AuthenticatorSettings } from "./AuthenticatorSettings.tsx";
import { LinkedAccountSettings } from "./LinkedAccountSettings.tsx";
import { PasskeySettings } from "./PasskeySettings.tsx";
import { SecurityEventList } from "./SecurityEventList.tsx";
import { SessionList } from "./SessionList.tsx";

/** What the forms of this page ask for. Each uses some. */
const empty = { email: "", password: "", current_password: "" };
type Values = typeof empty;

function faultsOf(error: unknown): Faults<keyof Values> | undefined {
  if (hasCode(error, "current_password_wrong")) return { current_password: "Incorrect password." };
  if (hasCode(error, "current_password_required")) return { current_password: "Enter your current password." };
  if (hasCode(error, "update_user_email_already_exists")) return { email: "Another account uses this email." };
  if (hasCode(error, "update_user_invalid_password")) return { password: sentenceOf(error) };
  return undefined;
}

/** A change that requires the current password. */
function useGuardedChange({
  start = empty,
  check = () => ({}),
  change,
  done,
}: {
  start?: Values;
  check?: (values: Values) => Faults<keyof Values>;
  change: (values: Values) => UpdateUser;
  done: string | ((user: User) => string);
}) {
  const update = useUpdateMe();
  const queryClient = useQueryClient();
  /** Accounts that sign in with a provider or a passkey have none. */
  const hasPassword = useQuery(securityQuery).data?.has_password !== false;
  const form = useForm<Values>({
    start,
    check: (values) => ({
      ...(hasPassword && !values.current_password && { current_password: "Enter your current password." }),
      ...check(values),
    }),
    submit: async (values) => {
      const user = await update.mutateAsync({ ...change(values), ...(hasPassword && { current_password: values.current_password }) });
      form.reset({ ...empty, email: values.email });
      toast(typeof done === "string" ? done : done(user));
      for (const { queryKey } of [securityQuery, securityEventsQuery, sessionsQuery]) void queryClient.invalidateQueries({ queryKey });
    },
    faultsOf,
  });
  return { form, hasPassword };
}

function CurrentPassword({ form, hasPassword }: ReturnType<typeof useGuardedChange>) {
  if (!hasPassword) return null;
  return (
    <Field label="Current password" error={form.errors.current_password}>
      <PasswordInput {...form.text("current_password")} autoComplete="current-password" />
    </Field>
  );
}

export function SecuritySettings() {
  return (
    <>
      <PasswordForm />
      <EmailForm />
      <AuthenticatorSettings />
      <CodeForm />
      <PasskeySettings />
      <LinkedAccountSettings />
      <SessionList />
      <SecurityEventList />
    </>
  );
}

function PasswordForm() {
  const { data: user } = useSuspenseQuery(meQuery);
  const guarded = useGuardedChange({
    check: ({ password }) => ({ password: passwordProblem(password, user) }),
    change: ({ password }) => ({ password }),
    done: "Password changed. Other sessions were signed out.",
  });
  const { form, hasPassword } = guarded;
  return (
    <SettingsSection
      id="password"
      title="Password"
      hint={hasPassword ? "Changing your password signs you out everywhere else." : "No password set."}
    >
      <form onSubmit={form.onSubmit} noValidate className="grid gap-3">
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        <CurrentPassword {...guarded} />
        <Field label="New password" error={form.errors.password} hint={<PasswordHint password={form.values.password} owner={user} />}>
          <PasswordInput {...form.text("password")} autoComplete="new-password" />
        </Field>
        <div>
          <Button type="submit" isLoading={form.isSubmitting} loadingWord="Saving…">
            {hasPassword ? "Change password" : "Set password"}
          </Button>
        </div>
      </form>
    </SettingsSection>
  );
}

function EmailForm() {
  const { data: user } = useSuspenseQuery(meQuery);
  const { data: config } = useQuery(configQuery);
  const guarded = useGuardedChange({
    start: { ...empty, email: user.email },
    check: ({ email }) => ({ ...(email.trim() === user.email && { email: "This is already your email." }) }),
    change: ({ email }) => ({ email: email.trim() }),
    done: ({ pending_email }) =>
      pending_email === null ? "Email changed." : `We emailed a link to ${pending_email}. Your email changes when you open it.`,
  });
  const { form } = guarded;
  return (
    <SettingsSection
      id="email"
      title="Email"
      action={user.is_verified ? <Pill tone="ok">Confirmed</Pill> : <SendConfirmation email={user.email} />}
    >
      <form onSubmit={form.onSubmit} noValidate className="grid gap-3">
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        {user.pending_email === null ? null : <WaitingEmail email={user.pending_email} current={user.email} />}
        <Field
          label="Email"
          error={form.errors.email}
          hint={config?.features.smtp ? "We email a link to the new address. Your email changes when you open it." : undefined}
        >
          <Input {...form.text("email")} type="text" inputMode="email" autoComplete="email" autoCapitalize="none" spellCheck={false} />
        </Field>
        <CurrentPassword {...guarded} />
        <div>
          <Button type="submit" isLoading={form.isSubmitting} loadingWord="Saving…">
            Change email
          </Button>
        </div>
      </form>
    </SettingsSection>
  );
}

/** A new email that is not confirmed yet. */
function WaitingEmail({ email, current }: { email: string; current: string }) {
  const update = useUpdateMe();
  const cancel = () =>
    update.mutate({ email: current }, { onSuccess: () => toast("Email change canceled."), onError: (error) => toastError(error) });
  return (
    <Banner tone="info">
      <span className="flex flex-wrap items-center justify-between gap-2">
        <span>
          Open the link we emailed to <b>{email}</b> to confirm it. Until then, sign in with {current}.
        </span>
        <Button size="sm" isLoading={update.isPending} loadingWord="Canceling…" onClick={cancel}>
          Keep current email
        </Button>
      </span>
    </Banner>
  );
}

/** Sends the confirmation link of an unconfirmed email again. */
function SendConfirmation({ email }: { email: string }) {
  const { data: config } = useQuery(configQuery);
  const send = useMutation({
    mutationFn: () => api.auth.requestVerifyToken({ body: { email } }),
    onSuccess: () => toast(`We emailed a confirmation link to ${email}.`),
    onError: (error) => toastError(error),
  });
  return (
    <div className="flex items-center gap-2">
      <Pill>Not confirmed</Pill>
      {config?.features.smtp ? (
        <Button size="sm" isLoading={send.isPending} loadingWord="Sending…" onClick={() => send.mutate()}>
          Send link
        </Button>
      ) : null}
    </div>
  );
}

/** Two-factor authentication with emailed codes. */
function CodeForm() {
  const { data: user } = useSuspenseQuery(meQuery);
  const { data: config } = useQuery(configQuery);
  const isOn = user.two_fa_enabled;
  const guarded = useGuardedChange({
    change: () => ({ two_fa_enabled: !isOn }),
    done: isOn ? "Email codes disabled." : "Email codes enabled. Your next sign-in requires a code.",
  });
  const { form } = guarded;
  const isOffered = config?.features.two_fa === true && user.is_verified;
  return (
    <SettingsSection
      id="email-codes"
      title="Email codes"
      hint="When on, signing in with your password also requires a 6-digit code that we email you."
      action={<Pill tone={isOn ? "ok" : undefined}>{isOn ? "On" : "Off"}</Pill>}
    >
      {!isOn && !isOffered ? (
        <p className="text-fg-2">
          {config?.features.two_fa === false
            ? "Email codes are unavailable because this server doesn't send email."
            : "Confirm your email first. We send the codes to it."}
        </p>
      ) : (
        <form onSubmit={form.onSubmit} noValidate className="grid gap-3">
          {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
          <CurrentPassword {...guarded} />
          <div>
            <Button type="submit" isLoading={form.isSubmitting} loadingWord="Saving…">
              {isOn ? "Turn off email codes" : "Turn on email codes"}
            </Button>
          </div>
        </form>
      )}
    </SettingsSection>
  );
}
