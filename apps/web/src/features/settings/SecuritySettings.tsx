import { useSuspenseQuery } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import type { UpdateUser } from "@tesslate/contract";
import { fieldErrorsOf, hasCode, sentenceOf } from "../../lib/errors.ts";
import { usePageTitle } from "../../lib/page-title.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { toast } from "../../ui/toast.tsx";
import { meQuery, useUpdateMe } from "../users/users.queries.ts";
import { SettingsSection } from "./SettingsSection.tsx";

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
function useGuardedChange(done: string) {
  const update = useUpdateMe();
  const [current, setCurrent] = useState("");
  const [errors, setErrors] = useState<Errors>({});
  const save = (change: UpdateUser, onDone: () => void) => {
    if (!current) return setErrors({ current_password: "Enter your present password." });
    setErrors({});
    update.mutate(
      { ...change, current_password: current },
      {
        onSuccess: () => {
          setCurrent("");
          toast(done);
          onDone();
        },
        onError: (error) => setErrors(errorsOf(error)),
      },
    );
  };
  return { current, setCurrent, errors, setErrors, save, isSaving: update.isPending };
}

export function SecuritySettings() {
  usePageTitle("Security");
  return (
    <>
      <PasswordForm />
      <EmailForm />
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
    <SettingsSection title="Password" hint="Changing it signs out every other session.">
      <form onSubmit={submit} noValidate className="grid gap-3">
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        <Field label="Present password" error={form.errors.current_password}>
          <PasswordInput
            name="current_password"
            autoComplete="current-password"
            value={form.current}
            onChange={(event) => form.setCurrent(event.target.value)}
          />
        </Field>
        <Field label="New password" error={form.errors.password} hint="8 to 128 characters.">
          <PasswordInput
            name="password"
            autoComplete="new-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
          />
        </Field>
        <div>
          <Button type="submit" isLoading={form.isSaving} loadingWord="Changing">
            Change the password
          </Button>
        </div>
      </form>
    </SettingsSection>
  );
}

function EmailForm() {
  const { data: user } = useSuspenseQuery(meQuery);
  const [email, setEmail] = useState(user.email);
  const form = useGuardedChange("E-mail changed.");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (email.trim() === user.email) return form.setErrors({ email: "That is the present one." });
    form.save({ email: email.trim() }, () => undefined);
  };
  return (
    <SettingsSection title="E-mail">
      <form onSubmit={submit} noValidate className="grid gap-3">
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        <Field label="E-mail" error={form.errors.email}>
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
        <Field label="Present password" error={form.errors.current_password}>
          <PasswordInput
            name="current_password"
            autoComplete="current-password"
            value={form.current}
            onChange={(event) => form.setCurrent(event.target.value)}
          />
        </Field>
        <div>
          <Button type="submit" isLoading={form.isSaving} loadingWord="Changing">
            Change the e-mail
          </Button>
        </div>
      </form>
    </SettingsSection>
  );
}
