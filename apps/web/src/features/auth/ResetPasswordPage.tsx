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

/** The other end of the mailed link. */
export function ResetPasswordPage() {
  const { token } = route.useSearch();
  const router = useRouter();
  const [password, setPassword] = useState("");
  const [error, setError] = useState<string>();
  const [isOver, setIsOver] = useState(token === "");
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
      if (hasCode(failure, "reset_password_bad_token")) setIsOver(true);
      else setError(sentenceOf(failure));
    } finally {
      setIsWorking(false);
    }
  };

  if (isOver)
    return (
      <AuthThread title="This link is over">
        <LiveStep title="This link is no longer valid">
          <p role="alert" className="mt-1 text-fg-2">
            It works once, within an hour, and not after the password was changed.
          </p>
          <Link to="/forgot-password" className="link mt-3 inline-block">
            Ask for a new one
          </Link>
        </LiveStep>
        <NextStep isLast>Your new password</NextStep>
      </AuthThread>
    );

  return (
    <AuthThread title="Set a new password">
      <LiveStep title="Set a new password">
        <form onSubmit={submit} noValidate className="mt-4 grid gap-3">
          <Field
            label="New password"
            error={error}
            hint="8 to 128 characters. A few unrelated words make a strong one. Setting it signs out every session."
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
          <Button type="submit" variant="primary" size="lg" isWide isLoading={isWorking} loadingWord="Setting it">
            Set the password
          </Button>
        </form>
      </LiveStep>
      <NextStep isLast>Sign in with it</NextStep>
    </AuthThread>
  );
}
