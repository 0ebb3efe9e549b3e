import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../../api.ts";
import { hasCode } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { AuthThread, DoneStep, LiveStep, NextStep } from "./AuthThread.tsx";
import { configQuery } from "./auth.queries.ts";

/** Requests a link to reset the password. The answer is the same whether or not the account exists. */
export function ForgotPasswordPage() {
  const { data: config } = useQuery(configQuery);
  const [sentTo, setSentTo] = useState<string>();
  const form = useForm({
    start: { email: "" },
    check: ({ email }) => ({ ...(!email.trim() && { email: "Enter your email." }) }),
    submit: async ({ email }) => {
      await api.auth.forgotPassword({ body: { email: email.trim() } });
      setSentTo(email.trim());
    },
    faultsOf: (error) => (hasCode(error, "validation_error") ? { email: "Enter a valid email." } : undefined),
    errorField: "email",
    isGuarded: false,
  });
  const back = (
    <Link to="/login" className="link">
      Back to sign-in
    </Link>
  );

  if (sentTo !== undefined)
    return (
      <AuthThread title="Check your email">
        <DoneStep>Password reset requested for {sentTo}</DoneStep>
        <LiveStep title="Check your email">
          <p role="status" className="mt-1 text-fg-2">
            If an account with this email exists, we sent a reset link to it. The link works once and expires in an hour.
          </p>
          <Button variant="ghost" className="mt-3 -ml-2" onClick={() => setSentTo(undefined)}>
            Use another email
          </Button>
        </LiveStep>
        <NextStep isLast foot={back}>
          Set a new password
        </NextStep>
      </AuthThread>
    );

  return (
    <AuthThread title="Reset your password">
      <LiveStep title="Reset your password">
        <form onSubmit={form.onSubmit} noValidate className="mt-4 grid gap-3">
          {config?.features.smtp === false ? (
            <Banner tone="warn">This server doesn't send email. Ask its administrator to reset your password.</Banner>
          ) : null}
          <Field label="Email" error={form.errors.email}>
            <Input
              size="lg"
              {...form.text("email")}
              type="text"
              inputMode="email"
              autoComplete="email"
              autoCapitalize="none"
              spellCheck={false}
              autoFocus
            />
          </Field>
          <Button type="submit" variant="primary" size="lg" isWide isLoading={form.isSubmitting} loadingWord="Sending…">
            Send reset link
          </Button>
        </form>
      </LiveStep>
      <NextStep isLast foot={back}>
        Set a new password
      </NextStep>
    </AuthThread>
  );
}
