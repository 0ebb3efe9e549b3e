import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import type { UpdateUser, User } from "@tesslate/contract";
import { api } from "../../api.ts";
import { fieldErrorsOf, hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { toast } from "../../ui/toast.tsx";
import { configQuery, sessionsQuery, securityEventsQuery, securityQuery } from "../auth/index.ts";
import { meQuery, useUpdateMe } from "../users/index.ts";
import { AuthenticatorSettings } from "./AuthenticatorSettings.tsx";
import { LinkedAccountSettings } from "./LinkedAccountSettings.tsx";
import { PasskeySettings } from "./PasskeySettings.tsx";
import { SecurityEventList } from "./SecurityEventList.tsx";
import { SessionList } from "./SessionList.tsx";

type Errors = Partial<Record<"email" | "password" | "current_password" | "", string>>;

function errorsOf(error: unknown): Errors {
  if (hasCode(error, "current_password_wrong")) return { current_password: "That is not your present password." };
  if (hasCode(error, "current_password_required")) return { current_password: "Enter your present password." };
  if (hasCode(error, "update_user_email_already_exists")) return { email: "There is another account with this e-mail." };
  if (hasCode(error, "update_user_invalid_password")) return { password: sentenceOf(error) };
  const found = fieldErrorsOf(error, ["email", "password", "current_password"]);
  return Object.keys(found).length > 0 ? found : { "": sentenceOf(error) };
}

/** One change that needs the present password. */
function useGuardedChange(done: string | ((user: User) => string)) {
  const update = useUpdateMe();
  const queryClient = useQueryClient();
  /** Who comes in from elsewhere has no password to give. */
  const hasPassword = useQuery(securityQuery).data?.has_password !== false;
  const [current, setCurrent] = useState("");
  const [errors, setErrors] = useState<Errors>({});
  const save = (change: UpdateUser, onDone: () => void) => {
    if (hasPassword && !current) return setErrors({ current_password: "Enter your present password." });
    setErrors({});
    update.mutate(
      { ...change, ...(hasPassword && { current_password: current }) },
      {
        onSuccess: (user) => {
          setCurrent("");
          toast(typeof done === "string" ? done : done(user));
          for (const { queryKey } of [securityQuery, securityEventsQuery, sessionsQuery]) void queryClient.invalidateQueries({ queryKey });
          onDone();
        },
        onError: (error) => setErrors(errorsOf(error)),
      },
    );
  };
  return { hasPassword, current, setCurrent, errors, setErrors, save, isSaving: update.isPending };
}

function PresentPassword({ form }: { form: ReturnType<typeof useGuardedChange> }) {
  if (!form.hasPassword) return null;
  return (
    <Field label="Present password" error={form.errors.current_password}>
      <PasswordInput
        name="current_password"
        autoComplete="current-password"
        value={form.current}
        onChange={(event) => form.setCurrent(event.target.value)}
      />
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
  const [password, setPassword] = useState("");
  const form = useGuardedChange("Password changed. Other sessions were signed out.");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (password.length < 8) return form.setErrors({ password: "At least 8 characters." });
    form.save({ password }, () => setPassword(""));
  };
  return (
    <SettingsSection
      title="Password"
      hint={form.hasPassword ? "Changing it signs out every other session." : "You have none: you sign in without one."}
    >
      <form onSubmit={submit} noValidate className="grid gap-3">
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        <PresentPassword form={form} />
        <Field label="New password" error={form.errors.password} hint="8 to 128 characters. A few unrelated words make a strong one.">
          <PasswordInput
            name="password"
            autoComplete="new-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </Field>
        <div>
          <Button type="submit" isLoading={form.isSaving} loadingWord="Changing">
            {form.hasPassword ? "Change the password" : "Set a password"}
          </Button>
        </div>
      </form>
    </SettingsSection>
  );
}

function EmailForm() {
  const { data: user } = useSuspenseQuery(meQuery);
  const { data: config } = useQuery(configQuery);
  const [email, setEmail] = useState(user.email);
  const form = useGuardedChange(({ pending_email }) =>
    pending_email === null ? "E-mail changed." : `A link is on its way to ${pending_email}. Until it is opened nothing changes.`,
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (email.trim() === user.email) return form.setErrors({ email: "That is the present one." });
    form.save({ email: email.trim() }, () => undefined);
  };
  return (
    <SettingsSection title="E-mail" action={user.is_verified ? <Pill tone="ok">Confirmed</Pill> : <SendConfirmation email={user.email} />}>
      <form onSubmit={submit} noValidate className="grid gap-3">
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        {user.pending_email === null ? null : <WaitingEmail email={user.pending_email} present={user.email} />}
        <Field
          label="E-mail"
          error={form.errors.email}
          hint={config?.features.smtp ? "A new address counts once the link that is sent to it was opened." : undefined}
        >
          <Input
            name="email"
            type="text"
            inputMode="email"
            autoComplete="email"
            autoCapitalize="none"
            spellCheck={false}
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        </Field>
        <PresentPassword form={form} />
        <div>
          <Button type="submit" isLoading={form.isSaving} loadingWord="Changing">
            Change the e-mail
          </Button>
        </div>
      </form>
    </SettingsSection>
  );
}

/** Another address was asked for. */
function WaitingEmail({ email, present }: { email: string; present: string }) {
  const update = useUpdateMe();
  const giveUp = () =>
    update.mutate(
      { email: present },
      { onSuccess: () => toast(`${present} stays your e-mail.`), onError: (error) => toast(sentenceOf(error), { kind: "failed" }) },
    );
  return (
    <Banner tone="info">
      <span className="flex flex-wrap items-center justify-between gap-2">
        <span>
          <b>{email}</b> waits for its link to be opened. Until then you sign in with {present}.
        </span>
        <Button size="sm" isLoading={update.isPending} loadingWord="Giving up" onClick={giveUp}>
          Keep the present one
        </Button>
      </span>
    </Banner>
  );
}

/** The address waits to be confirmed. */
function SendConfirmation({ email }: { email: string }) {
  const { data: config } = useQuery(configQuery);
  const send = useMutation({
    mutationFn: () => api.auth.requestVerifyToken({ body: { email } }),
    onSuccess: () => toast(`A link is on its way to ${email}.`),
    onError: (error) => toast(sentenceOf(error), { kind: "failed" }),
  });
  return (
    <div className="flex items-center gap-2">
      <Pill>Not confirmed</Pill>
      {config?.features.smtp ? (
        <Button size="sm" isLoading={send.isPending} loadingWord="Sending" onClick={() => send.mutate()}>
          Send the link
        </Button>
      ) : null}
    </div>
  );
}

/** The code by mail after the password. */
function CodeForm() {
  const { data: user } = useSuspenseQuery(meQuery);
  const { data: config } = useQuery(configQuery);
  const isOn = user.two_fa_enabled;
  const form = useGuardedChange(isOn ? "Codes switched off." : "Codes switched on: the next sign-in asks for one.");
  const isOffered = config?.features.two_fa === true && user.is_verified;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    form.save({ two_fa_enabled: !isOn }, () => undefined);
  };
  return (
    <SettingsSection
      title="Code by mail"
      hint="After the password, signing in asks for six digits that are mailed to you."
      action={<Pill tone={isOn ? "ok" : undefined}>{isOn ? "On" : "Off"}</Pill>}
    >
      {!isOn && !isOffered ? (
        <p className="text-fg-2">
          {config?.features.two_fa === false
            ? "This server sends no mail, so there are no codes."
            : "Confirm your email address first. The codes are sent to it."}
        </p>
      ) : (
        <form onSubmit={submit} noValidate className="grid gap-3">
          {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
          <PresentPassword form={form} />
          <div>
            <Button type="submit" isLoading={form.isSaving} loadingWord="Changing">
              {isOn ? "Switch codes off" : "Switch codes on"}
            </Button>
          </div>
        </form>
      )}
    </SettingsSection>
  );
}
