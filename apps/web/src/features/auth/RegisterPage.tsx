import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../../api.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useSubmission } from "../../ui/form/use-submission.ts";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { forgetReferralCode, Invitation, readReferralCode } from "../referrals/index.ts";
import { configQuery, enter } from "./auth.queries.ts";
import { AuthThread, LiveStep, NextStep } from "./AuthThread.tsx";
import { safeNext } from "./next.ts";
import { PasswordHint } from "./PasswordHint.tsx";
import { ProviderButtons } from "./ProviderButtons.tsx";
import { findRegisterFaults, type RegisterForm } from "./register.ts";

const guest = getRouteApi("/guest");
const fields = ["name", "email", "password", "setup_token"] as const;

export function RegisterPage() {
  const { next } = guest.useSearch();
  const router = useRouter();
  const queryClient = useQueryClient();
  const { data: config } = useQuery(configQuery);
  const [form, setForm] = useState<RegisterForm>({ name: "", email: "", password: "", setup_token: "" });
  const [isTokenShown, setIsTokenShown] = useState(false);
  const [referralCode] = useState(readReferralCode);
  const set = (name: keyof RegisterForm) => (event: { target: { value: string } }) => setForm({ ...form, [name]: event.target.value });
  const isFirst = config?.setup_required === true;
  const isAlone = config?.no_accounts === true;
  // Until there is an administrator, the form creates one.
  const signUp = isFirst ? "open" : (config?.sign_up ?? "open");
  const wantsToken = isFirst && config.setup_token_required;

  const { errors, isSubmitting, onSubmit } = useSubmission(fields, {
    check: findRegisterFaults(form),
    submit: async () => {
      const email = form.email.trim();
      const token = form.setup_token.trim();
      const referral = readReferralCode();
      await api.auth.register({
        body: {
          email,
          password: form.password,
          ...(form.name.trim() && { name: form.name.trim() }),
          ...(wantsToken && token && { setup_token: token }),
          ...(referral !== undefined && { referral_code: referral }),
        },
      });
      forgetReferralCode();
      const answer = await api.auth.login({ body: { email, password: form.password } });
      if (answer.requires_2fa) {
        // The sign-in page leads back here as long as it knows of no account.
        await queryClient.fetchQuery({ ...configQuery, staleTime: 0 });
        await router.navigate({ to: "/login", search: next ? { next } : {} });
      } else {
        const user = await enter(queryClient);
        // Its guard leads on where a model is connected already.
        if (user.is_superuser) await router.navigate({ to: "/connect-model", search: next ? { next } : {}, replace: true });
        else await router.navigate({ href: safeNext(next), replace: true });
      }
    },
    faultsOf: (error) => {
      if (hasCode(error, "register_user_already_exists")) return { email: "An account with this email already exists. Sign in instead." };
      if (hasCode(error, "register_invalid_password")) return { password: sentenceOf(error) };
      if (!hasCode(error, "setup_token_invalid")) return undefined;
      setIsTokenShown(true);
      return { setup_token: "Incorrect setup token. The server prints it when it starts." };
    },
  });

  return (
    <AuthThread title="Create account">
      <LiveStep title={isAlone ? "Create your account" : "Create account"}>
        {referralCode === undefined ? null : <Invitation code={referralCode} />}
        {isFirst && !wantsToken ? <p className="mt-1 text-fg-2">This account will be the administrator of this server.</p> : null}
        {signUp === "closed" ? (
          <p className="mt-1 text-fg-2">The administrators of this server create the accounts. Ask one of them for yours.</p>
        ) : null}
        {signUp === "providers" ? <p className="mt-1 text-fg-2">Sign in with one of these to get an account on this server.</p> : null}
        {signUp === "open" ? (
          <form onSubmit={onSubmit} noValidate className="mt-4 grid gap-3">
            {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
            <Field label="Name" error={errors.name}>
              <Input size="lg" name="name" autoComplete="name" autoFocus value={form.name} onChange={set("name")} />
            </Field>
            <Field label="Email" error={errors.email}>
              <Input
                size="lg"
                name="email"
                type="text"
                inputMode="email"
                autoComplete="email"
                autoCapitalize="none"
                spellCheck={false}
                value={form.email}
                onChange={set("email")}
              />
            </Field>
            <Field label="Password" error={errors.password} hint={<PasswordHint password={form.password} owner={form} />}>
              <PasswordInput size="lg" name="password" autoComplete="new-password" value={form.password} onChange={set("password")} />
            </Field>
            {wantsToken ? (
              isTokenShown ? (
                <Field
                  label="Setup token"
                  error={errors.setup_token}
                  hint="The server prints it when it starts. It makes this account an administrator."
                >
                  <PasswordInput
                    noun="token"
                    size="lg"
                    name="setup_token"
                    autoComplete="off"
                    value={form.setup_token}
                    onChange={set("setup_token")}
                  />
                </Field>
              ) : (
                <p className="text-xs text-fg-2">
                  This server has no administrator yet.{" "}
                  <button type="button" className="link" onClick={() => setIsTokenShown(true)}>
                    Enter the setup token
                  </button>
                </p>
              )
            ) : null}
            <Button type="submit" variant="primary" size="lg" isWide isLoading={isSubmitting} loadingWord="Creating account…">
              Create account
            </Button>
          </form>
        ) : null}
        {signUp === "closed" ? null : <ProviderButtons next={next} />}
      </LiveStep>
      <NextStep
        isLast
        foot={
          isAlone ? undefined : (
            <>
              Already have an account?{" "}
              <Link to="/login" search={next ? { next } : {}} className="link">
                Sign in
              </Link>
            </>
          )
        }
      >
        {isAlone ? "Connect a model" : "Your projects"}
      </NextStep>
    </AuthThread>
  );
}
