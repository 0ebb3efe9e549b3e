import { passwordProblem } from "@tesslate/contract/passwords";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../../api.ts";
import { hasCode } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { toast } from "../../ui/toast.tsx";
import { AuthThread, LiveStep, NextStep } from "./AuthThread.tsx";
import { PasswordHint } from "./PasswordHint.tsx";

const route = getRouteApi("/reset-password");

/** The page of the emailed reset link. */
export function ResetPasswordPage() {
  const { token } = route.useSearch();
  const router = useRouter();
  const [isExpired, setIsExpired] = useState(token === "");
  const form = useForm({
    start: { password: "" },
    check: ({ password }) => ({ password: passwordProblem(password, { email: "" }) }),
    submit: async ({ password }) => {
      try {
        await api.auth.resetPassword({ body: { token, password } });
      } catch (error) {
        if (!hasCode(error, "reset_password_bad_token")) throw error;
        return setIsExpired(true);
      }
      toast("Password set. You can sign in now.");
      await router.navigate({ to: "/login", search: {}, replace: true });
    },
    errorField: "password",
    isGuarded: false,
  });

  if (isExpired)
    return (
      <AuthThread title="This link has expired">
        <LiveStep title="This link has expired">
          <p role="alert" className="mt-1 text-fg-2">
            Reset links work once. They expire after some time, and when the password changes.
          </p>
          <Link to="/forgot-password" className="link mt-3 inline-block">
            Request a new link
          </Link>
        </LiveStep>
        <NextStep isLast>Set a new password</NextStep>
      </AuthThread>
    );

  return (
    <AuthThread title="Set a new password">
      <LiveStep title="Set a new password">
        <p className="mt-1 text-fg-2">This signs you out everywhere.</p>
        <form onSubmit={form.onSubmit} noValidate className="mt-4 grid gap-3">
          <Field
            label="New password"
            error={form.errors.password}
            hint={<PasswordHint password={form.values.password} owner={{ email: "" }} />}
          >
            <PasswordInput size="lg" {...form.text("password")} autoComplete="new-password" autoFocus />
          </Field>
          <Button type="submit" variant="primary" size="lg" isWide isLoading={form.isSubmitting} loadingWord="Saving…">
            Set password
          </Button>
        </form>
      </LiveStep>
      <NextStep isLast>Sign in</NextStep>
    </AuthThread>
  );
}
