import { useEffect, useState } from "react";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { CodeInput } from "../../ui/CodeInput.tsx";
import { Field } from "../../ui/Field.tsx";
import { LiveStep } from "./AuthThread.tsx";
import { resendCode, verifyCode } from "./auth.queries.ts";

const resendPauseSeconds = 60;
const codeLength = 6;

/** Counts down to zero, once a second. */
function useCountdown(): [number, () => void] {
  const [untilMs, setUntilMs] = useState(() => Date.now() + resendPauseSeconds * 1000);
  const [left, setLeft] = useState(resendPauseSeconds);
  useEffect(() => {
    const tick = () => setLeft(Math.max(0, Math.ceil((untilMs - Date.now()) / 1000)));
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [untilMs]);
  return [left, () => setUntilMs(Date.now() + resendPauseSeconds * 1000)];
}

/** The second step: the code from the mail. Sends itself when the sixth digit is in. */
export function CodeStep({
  tempToken,
  onDone,
  onExpired,
  onBack,
}: {
  tempToken: string;
  onDone: () => Promise<void>;
  onExpired: () => void;
  onBack: () => void;
}) {
  const [code, setCode] = useState("");
  const [error, setError] = useState<string>();
  const [note, setNote] = useState<string>();
  const [isWorking, setIsWorking] = useState(false);
  const [secondsLeft, restart] = useCountdown();

  const verify = async (entered: string) => {
    if (isWorking || entered.length !== codeLength) return;
    setIsWorking(true);
    setError(undefined);
    try {
      await verifyCode(tempToken, entered);
      await onDone();
    } catch (failure) {
      if (hasCode(failure, "two_fa_session_invalid")) return onExpired();
      setCode("");
      setError(hasCode(failure, "two_fa_code_invalid") ? "That code is wrong or no longer valid." : sentenceOf(failure));
    } finally {
      setIsWorking(false);
    }
  };
  const resend = async () => {
    setError(undefined);
    try {
      await resendCode(tempToken);
      setNote("A new code is on its way. Older ones no longer work.");
      restart();
    } catch (failure) {
      if (hasCode(failure, "two_fa_session_invalid")) onExpired();
      else setError(sentenceOf(failure));
    }
  };

  return (
    <LiveStep title="Enter the six digits we mailed you">
      <form
        className="mt-4 grid gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void verify(code);
        }}
      >
        <Field label="Code" error={error} hint={note}>
          <CodeInput value={code} onChange={setCode} onComplete={(entered) => void verify(entered)} />
        </Field>
        <Button
          type="submit"
          variant="primary"
          size="lg"
          isWide
          disabled={code.length !== codeLength}
          isLoading={isWorking}
          loadingWord="Checking"
        >
          Go on
        </Button>
        <div className="flex justify-between">
          <Button variant="ghost" onClick={onBack}>
            Back
          </Button>
          <Button variant="ghost" disabled={secondsLeft > 0} onClick={() => void resend()}>
            {secondsLeft > 0 ? `New code in ${secondsLeft} s` : "Send a new code"}
          </Button>
        </div>
      </form>
    </LiveStep>
  );
}
