import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { api } from "../../api.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { toast } from "../../ui/toast.tsx";
import { AuthThread, LiveStep, NextStep } from "./AuthThread.tsx";

const route = getRouteApi("/reset-password");

/** The page of the emailed reset link. */
export function ResetPasswordPage() {
  const { token } = route.useSearch();
  const router = useRouter();
  const [password, setPassword] = useState("");
  const [error, setError] = useState<string>();
  const [isExpired, setIsExpired] = useState(token === "");
  const [isWorking, setIsWorking] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if ([...password].length < 8) return setError("At least 8 characters.");
    setError(undefined);
    setIsWorking(true);
    try {
      await api.auth.resetPassword({ body: { token, password } });
      toast("Password set. You can sign in now.");
      await router.navigate({ to: "/login", search: {}, replace: true });
    } catch (failure) {
      if (hasCode(failure, "reset_password_bad_token")) setIsExpired(true);
      else setError(sentenceOf(failure));
    } finally {
      setIsWorking(false);
    }
  };

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
        <form onSubmit={submit} noValidate className="mt-4 grid gap-3">
          <Field
            label="New password"
            error={error}
            hint="8 to 128 characters. A few unrelated words make a strong password. This signs you out everywhere."
          >
            <PasswordInput
              size="lg"
              name="password"
              autoComplete="new-password"
              autoFocus
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </Field>
          <Button type="submit" variant="primary" size="lg" isWide isLoading={isWorking} loadingWord="Saving…">
            Set password
          </Button>
        </form>
      </LiveStep>
      <NextStep isLast>Sign in</NextStep>
    </AuthThread>
  );
}
