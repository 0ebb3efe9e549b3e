import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useRouter } from "@tanstack/react-router";
import { Suspense, useRef, useState } from "react";
import type { SecondStep } from "@tesslate/contract";
import { api } from "../../api.ts";
import { lazyComponent } from "../../lib/chunks.ts";
import { hasCode } from "../../lib/errors.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Field } from "../../ui/Field.tsx";
import { useSubmission } from "../../ui/form/use-submission.ts";
import { Input } from "../../ui/Input.tsx";
import { PasswordInput } from "../../ui/PasswordInput.tsx";
import { Invitation, readReferralCode } from "../referrals/index.ts";
import { AuthThread, DoneStep, LiveStep, NextStep } from "./AuthThread.tsx";
import { configQuery, enter } from "./auth.queries.ts";
import { safeNext } from "./next.ts";
import { signInErrorText } from "./providers.ts";
import { ProviderButtons } from "./ProviderButtons.tsx";

const CodeStep = lazyComponent(async () => (await import("./CodeStep.tsx")).CodeStep);
const guest = getRouteApi("/guest");
const fields = ["email", "password"] as const;

export function LoginPage() {
  const { next, error: arrivedWith } = guest.useSearch();
  const router = useRouter();
  const queryClient = useQueryClient();
  const { data: config } = useQuery(configQuery);
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [waiting, setWaiting] = useState<{ tempToken: string; methods: readonly SecondStep[] }>();
  // A referral link may also lead here; signing up applies the code.
  const [referralCode] = useState(readReferralCode);
  const passwordBox = useRef<HTMLInputElement>(null);
  const refusal = signInErrorText(arrivedWith);
  const finish = async () => {
    await enter(queryClient);
    await router.navigate({ href: safeNext(next), replace: true });
  };
  const { errors, isSubmitting, onSubmit, show } = useSubmission(fields, {
    ...(refusal && { start: { "": refusal } }),
    check: {
      ...(!email.trim() && { email: "Enter your email or username." }),
      ...(!password && { password: "Enter your password." }),
    },
    submit: async () => {
      const answer = await api.auth.login({ body: { email: email.trim(), password } });
      if (answer.requires_2fa && answer.temp_token) setWaiting({ tempToken: answer.temp_token, methods: answer.methods });
      else await finish();
    },
    faultsOf: (error) => {
      if (!hasCode(error, "login_bad_credentials")) return undefined;
      passwordBox.current?.select();
      return { password: "Incorrect email, username or password." };
    },
  });

  if (waiting)
    return (
      <AuthThread title="Enter the code">
        <DoneStep>Password accepted for {email.trim()}</DoneStep>
        <Suspense fallback={<LiveStep title="Enter the code">{null}</LiveStep>}>
          <CodeStep
            {...waiting}
            onDone={finish}
            onExpired={() => {
              setWaiting(undefined);
              setPassword("");
              show({ "": "The sign-in took too long. Enter your password again." });
            }}
            onBack={() => setWaiting(undefined)}
          />
        </Suspense>
        <NextStep isLast>Your projects</NextStep>
      </AuthThread>
    );

  return (
    <AuthThread title="Sign in">
      <LiveStep title="Sign in">
        {referralCode === undefined ? null : <Invitation code={referralCode} />}
        <form onSubmit={onSubmit} noValidate className="mt-4 grid gap-3">
          {errors[""] ? <Banner tone="err">{errors[""]}</Banner> : null}
          <Field label="Email or username" error={errors.email}>
            <Input
              size="lg"
              name="email"
              type="text"
              inputMode="email"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              autoFocus
              value={email}
              onChange={(event) => setEmail(event.target.value)}
            />
          </Field>
          <Field
            label="Password"
            error={errors.password}
            aside={
              <Link to="/forgot-password" className="link relative before:absolute before:-inset-x-1 before:-top-3 before:-bottom-1">
                Forgot password?
              </Link>
            }
          >
            <PasswordInput
              ref={passwordBox}
              size="lg"
              name="password"
              autoComplete="current-password"
              value={password}
              onChange={(event) => setPassword(event.target.value)}
            />
          </Field>
          <Button type="submit" variant="primary" size="lg" isWide isLoading={isSubmitting} loadingWord="Signing in…">
            Sign in
          </Button>
        </form>
        <ProviderButtons next={next} onSignedIn={finish} />
      </LiveStep>
      <NextStep
        isLast
        foot={
          config?.sign_up === "closed" ? undefined : (
            <>
              No account yet?{" "}
              <Link to="/register" search={next ? { next } : {}} className="link">
                Sign up
              </Link>
            </>
          )
        }
      >
        Your projects
      </NextStep>
    </AuthThread>
  );
}
