import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState, type FormEvent } from "react";
import { api } from "../../api.ts";
import { fieldErrorsOf, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { AuthThread, DoneStep, LiveStep, NextStep } from "./AuthThread.tsx";
import { configQuery } from "./auth.queries.ts";

/** Asks for a link that sets a new password. Says the same whether or not there is such an account. */
export function ForgotPasswordPage() {
  const { data: config } = useQuery(configQuery);
  const [email, setEmail] = useState("");
  const [error, setError] = useState<string>();
  const [isWorking, setIsWorking] = useState(false);
  const [sentTo, setSentTo] = useState<string>();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!email.trim()) return setError("Enter your e-mail.");
    setError(undefined);
    setIsWorking(true);
    try {
      await api.auth.forgotPassword({ body: { email: email.trim() } });
      setSentTo(email.trim());
    } catch (failure) {
      setError(fieldErrorsOf(failure, ["email"])["email"] === undefined ? sentenceOf(failure) : "That is not an e-mail address.");
    } finally {
      setIsWorking(false);
    }
  };
  const back = (
    <Link to="/login" className="link">
      Back to signing in
    </Link>
  );

  if (sentTo !== undefined)
    return (
      <AuthThread title="Look into your mail">
        <DoneStep>Asked for a new password for {sentTo}</DoneStep>
        <LiveStep title="Look into your mail">
          <p role="status" className="mt-1 text-fg-2">
            If there is an account with this address, a link is on its way. It works once, within an hour.
          </p>
          <Button variant="ghost" className="mt-3 -ml-2" onClick={() => setSentTo(undefined)}>
            Use another address
          </Button>
        </LiveStep>
        <NextStep isLast foot={back}>
          Your new password
        </NextStep>
      </AuthThread>
    );

  return (
    <AuthThread title="Forgot your password">
      <LiveStep title="Where should the link go?">
        <form onSubmit={submit} noValidate className="mt-4 grid gap-3">
          {config?.features.smtp === false ? (
            <Banner tone="warn">This server sends no mail. Ask whoever runs it for a new password.</Banner>
          ) : null}
          <Field label="E-mail" error={error}>
            <Input
              size="lg"
              name="email"
              type="text"
              inputMode="email"
              autoComplete="email"
              autoCapitalize="none"
              spellCheck={false}
              autoFocus
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          </Field>
          <Button type="submit" variant="primary" size="lg" isWide isLoading={isWorking} loadingWord="Asking">
            Send the link
          </Button>
        </form>
      </LiveStep>
      <NextStep isLast foot={back}>
        Your new password
      </NextStep>
    </AuthThread>
  );
}
