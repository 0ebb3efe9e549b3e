import { useMutation } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { api } from "../../api.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { AuthThread, DoneStep, LiveStep, NextStep } from "../auth/index.ts";

/** Where a closed account can be kept after all: with the link of the mail, or with the password. */
export function RestorePage() {
  const token = useLocation({ select: ({ hash }) => hash });
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const [missing, setMissing] = useState<{ login?: string; password?: string }>({});
  const keep = useMutation({
    mutationFn: (body: { token?: string; login?: string; password?: string }) => api.account.restore({ body }),
  });
  const isUsedUp = hasCode(keep.error, "deletion_not_pending");

  if (keep.isSuccess)
    return (
      <AuthThread title="Your account stays">
        <DoneStep>The account was to be deleted</DoneStep>
        <LiveStep title="Your account stays">
          <p role="status" className="mt-1 text-fg-2">
            Everything is as it was. What ran was stopped.
          </p>
        </LiveStep>
        <NextStep isLast>
          <Link to="/login" className="link">
            Sign in
          </Link>
        </NextStep>
      </AuthThread>
    );

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const faults = {
      ...(!login.trim() && { login: "Enter your e-mail or username." }),
      ...(!password && { password: "Enter your password." }),
    };
    setMissing(faults);
    if (Object.keys(faults).length > 0) return;
    keep.mutate({ login: login.trim(), password });
  };
  return (
    <AuthThread title="Keep your account">
      <LiveStep title={token ? "Your account is closed" : "Keep your account"}>
        <p className="mt-1 text-fg-2">A closed account is deleted after 30 days, with everything in it. Until then it can be kept.</p>
        {keep.error ? (
          <Banner tone="err" className="mt-3">
            {isUsedUp
              ? "This account is not waiting to be deleted. Perhaps it was kept before: sign in."
              : hasCode(keep.error, "login_bad_credentials")
                ? "Incorrect email, username or password."
                : sentenceOf(keep.error)}
          </Banner>
        ) : null}
        {token && !isUsedUp ? (
          <Button
            className="mt-4"
            variant="primary"
            size="lg"
            isLoading={keep.isPending}
            loadingWord="Keeping"
            onClick={() => keep.mutate({ token })}
          >
            Keep my account
          </Button>
        ) : (
          <form onSubmit={submit} noValidate className="mt-4 grid gap-3">
            <Field label="E-mail or username" error={missing.login}>
              <Input
                size="lg"
                name="login"
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
                value={login}
                onChange={(event) => setLogin(event.target.value)}
              />
            </Field>
            <Field label="Password" error={missing.password}>
              <PasswordInput
                size="lg"
                name="password"
                autoComplete="current-password"
                value={password}
                onChange={(event) => setPassword(event.target.value)}
              />
            </Field>
            <Button type="submit" variant="primary" size="lg" isWide isLoading={keep.isPending} loadingWord="Keeping">
              Keep my account
            </Button>
          </form>
        )}
      </LiveStep>
      <NextStep isLast>
        <Link to="/login" className="link">
          To the sign-in
        </Link>
      </NextStep>
    </AuthThread>
  );
}
