import { useMutation } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { api } from "../../api.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { AuthThread, DoneStep, LiveStep, NextStep } from "../auth/index.ts";

/** Restores an account that is scheduled for deletion, with the emailed link or with the password. */
export function RestorePage() {
  const token = useLocation({ select: ({ hash }) => hash });
  const restore = useMutation({
    mutationFn: (body: { token?: string; login?: string; password?: string }) => api.account.restore({ body }),
  });
  const isNotPending = hasCode(restore.error, "deletion_not_pending");
  const form = useForm({
    start: { login: "", password: "" },
    check: ({ login, password }) => ({
      ...(!login.trim() && { login: "Enter your email or username." }),
      ...(!password && { password: "Enter your password." }),
    }),
    submit: ({ login, password }) => restore.mutateAsync({ login: login.trim(), password }),
    isGuarded: false,
  });

  if (restore.isSuccess)
    return (
      <AuthThread title="Account restored">
        <DoneStep>Deletion canceled</DoneStep>
        <LiveStep title="Account restored">
          <p role="status" className="mt-1 text-fg-2">
            Your data wasn't affected. Your apps are stopped.
          </p>
        </LiveStep>
        <NextStep isLast>
          <Link to="/login" className="link">
            Sign in
          </Link>
        </NextStep>
      </AuthThread>
    );

  return (
    <AuthThread title="Restore your account">
      <LiveStep title={token ? "Your account will be deleted" : "Restore your account"}>
        <p className="mt-1 text-fg-2">Deleted accounts can be restored for 30 days. After that, all data is permanently deleted.</p>
        {restore.error ? (
          <Banner tone="err" className="mt-3">
            {isNotPending
              ? "This account isn't scheduled for deletion. Sign in to use it."
              : hasCode(restore.error, "login_bad_credentials")
                ? "Incorrect email, username or password."
                : sentenceOf(restore.error)}
          </Banner>
        ) : null}
        {token && !isNotPending ? (
          <Button
            className="mt-4"
            variant="primary"
            size="lg"
            isLoading={restore.isPending}
            loadingWord="Restoring…"
            onClick={() => restore.mutate({ token })}
          >
            Restore account
          </Button>
        ) : (
          <form onSubmit={form.onSubmit} noValidate className="mt-4 grid gap-3">
            <Field label="Email or username" error={form.errors.login}>
              <Input {...form.text("login")} size="lg" autoComplete="username" autoCapitalize="none" spellCheck={false} />
            </Field>
            <Field label="Password" error={form.errors.password}>
              <PasswordInput {...form.text("password")} size="lg" autoComplete="current-password" />
            </Field>
            <Button type="submit" variant="primary" size="lg" isWide isLoading={form.isSubmitting} loadingWord="Restoring…">
              Restore account
            </Button>
          </form>
        )}
      </LiveStep>
      <NextStep isLast>
        <Link to="/login" className="link">
          Back to sign-in
        </Link>
      </NextStep>
    </AuthThread>
  );
}
