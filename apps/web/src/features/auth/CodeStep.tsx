import { useEffect, useState } from "react";
import type { SecondStep } from "@tesslate/contract";
import { formatDuration } from "../../lib/durations.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { CodeInput } from "../../ui/CodeInput.tsx";
import { Field } from "../../ui/Field.tsx";
import { useSubmission } from "../../ui/form/use-submission.ts";
import { Input } from "../../ui/Input.tsx";
import { LiveStep } from "./AuthThread.tsx";
import { resendCode, verifyCode } from "./auth.queries.ts";

const resendPauseSeconds = 60;
const codeLength = 6;
const shortestRecoveryCode = 8;

const titles: Record<SecondStep, string> = {
  totp: "Enter the code from your authenticator app",
  email: "Enter the code we emailed you",
  recovery_code: "Enter a recovery code",
};
const offers: Record<SecondStep, string> = {
  totp: "Use authenticator app",
  email: "Email me a code",
  recovery_code: "Use recovery code",
};

/** Seconds until a code can be sent again, and a function that restarts the countdown. `isRunning`: it starts at once. */
function useCountdown(isRunning: boolean): [number, () => void] {
  const fromNow = () => Date.now() + resendPauseSeconds * 1000;
  const [untilMs, setUntilMs] = useState(() => (isRunning ? fromNow() : 0));
  const [left, setLeft] = useState(isRunning ? resendPauseSeconds : 0);
  useEffect(() => {
    const tick = () => setLeft(Math.max(0, Math.ceil((untilMs - Date.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [untilMs]);
  return [left, () => setUntilMs(fromNow())];
}

/** Asks for a code of the authenticator app, an emailed code or a recovery code. Six digits are submitted when the last one is entered. */
export function CodeStep({
  tempToken,
  methods,
  onDone,
  onExpired,
  onBack,
}: {
  tempToken: string;
  /** The methods of this account. The first is selected; if it is `email`, its code was already sent. */
  methods: readonly SecondStep[];
  onDone: () => Promise<void>;
  onExpired: () => void;
  onBack: () => void;
}) {
  const first = methods[0] ?? "email";
  const [method, setMethod] = useState<SecondStep>(first);
  const [wasEmailed, setWasEmailed] = useState(first === "email");
  const [code, setCode] = useState("");
  const [note, setNote] = useState<string>();
  const [secondsLeft, restart] = useCountdown(first === "email");
  const isRecovery = method === "recovery_code";
  const isComplete = isRecovery ? code.trim().length >= shortestRecoveryCode : code.length === codeLength;

  const { errors, isSubmitting, onSubmit, show } = useSubmission(["code"], {
    submit: async () => {
      try {
        await verifyCode(tempToken, isRecovery ? { recovery_code: code.trim() } : { code });
        await onDone();
      } catch (error) {
        if (hasCode(error, "two_fa_session_invalid")) return onExpired();
        setCode("");
        throw error;
      }
    },
    faultsOf: (error) => (hasCode(error, "two_fa_code_invalid") ? { code: "The code is wrong or has expired." } : undefined),
    errorField: "code",
  });
  const resend = async () => {
    show({});
    try {
      await resendCode(tempToken);
      setNote(wasEmailed ? "We emailed you a new code. Earlier codes no longer work." : "We emailed you a code.");
      setWasEmailed(true);
      restart();
    } catch (failure) {
      if (hasCode(failure, "two_fa_session_invalid")) onExpired();
      else show({ code: sentenceOf(failure) });
    }
  };
  const change = (next: SecondStep) => {
    setMethod(next);
    setCode("");
    show({});
    setNote(undefined);
    if (next === "email" && !wasEmailed) void resend();
  };

  return (
    <LiveStep title={titles[method]}>
      <form className="mt-4 grid gap-3" onSubmit={onSubmit} noValidate>
        <Field
          label={isRecovery ? "Recovery code" : "Code"}
          error={errors.code}
          hint={isRecovery ? "Each recovery code works once." : note}
        >
          {isRecovery ? (
            <Input
              key="recovery"
              size="lg"
              name="recovery_code"
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              autoFocus
              maxLength={40}
              value={code}
              onChange={(event) => setCode(event.target.value)}
            />
          ) : (
            <CodeInput key="digits" autoFocus value={code} onChange={setCode} onComplete={() => onSubmit()} />
          )}
        </Field>
        <Button type="submit" variant="primary" size="lg" isWide disabled={!isComplete} isLoading={isSubmitting} loadingWord="Verifying…">
          Continue
        </Button>
        <div className="flex justify-between">
          <Button variant="ghost" onClick={onBack}>
            Back
          </Button>
          {method === "email" ? (
            <Button variant="ghost" disabled={secondsLeft > 0} onClick={() => void resend()}>
              {secondsLeft > 0 ? `New code in ${formatDuration(secondsLeft * 1000)}` : "Send new code"}
            </Button>
          ) : null}
        </div>
        {methods.length > 1 ? (
          <div className="grid gap-1 border-t border-line-0 pt-3">
            {methods
              .filter((other) => other !== method)
              .map((other) => (
                <Button key={other} variant="ghost" isWide onClick={() => change(other)}>
                  {offers[other]}
                </Button>
              ))}
          </div>
        ) : null}
      </form>
    </LiveStep>
  );
}
