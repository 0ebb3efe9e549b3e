import { CirclePause } from "lucide-react";
import { Suspense } from "react";
import type { CreditBalance } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { formatDate } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { useBalance, WaysOut } from "../billing/index.ts";
import type { Run } from "./chat.types.ts";

/** "0 credits left. Your plan adds 1,000 on Jan 3, 2027." */
function creditsLeft({ total_credits, monthly_allowance, credits_reset_date }: CreditBalance): string {
  const left = `${counted(total_credits, "credit")} left.`;
  return monthly_allowance > 0 && credits_reset_date !== null
    ? `${left} Your plan adds ${formatNumber(monthly_allowance)} on ${formatDate(credits_reset_date)}.`
    : left;
}

/** The run reached its limit; the person can continue it. */
export function PauseCard({
  run,
  isContinuing,
  onContinue,
  onStop,
}: {
  run: Run;
  isContinuing: boolean;
  onContinue: () => void;
  onStop: () => void;
}) {
  const { costCents, ownKeyCents = 0 } = run.usage;
  const balance = useBalance();
  const isOut = run.reason === "credits_exhausted";
  /** Without credits, the run can continue only with a key of the person's own. */
  const isStillOut = isOut && balance?.is_empty === true;
  return (
    <section aria-label="Run paused" className="rounded-3 border border-line-1 bg-bg-1 px-3 py-2.5 text-sm shadow-1">
      <p className="flex gap-2 leading-note">
        <CirclePause size={15} className="mt-0.5 flex-none text-warn" aria-hidden="true" />
        <span className="min-w-0 break-words">
          {isOut && balance && !balance.is_empty
            ? `You have ${counted(balance.total_credits, "credit")} again. The run can continue where it stopped.`
            : (run.ending ?? "The run reached its limit. All work so far is kept.")}
          {costCents > 0 ? <span className="num text-fg-2"> Cost so far: {formatDollars(costCents)}.</span> : null}
          {ownKeyCents > 0 ? (
            <span className="num text-fg-2"> Cost with your own key: {formatDollars(ownKeyCents)} at list prices.</span>
          ) : null}
          {isStillOut ? <span className="num block text-xs text-fg-2">{creditsLeft(balance)}</span> : null}
        </span>
      </p>
      <div className="flex flex-wrap gap-1.5 pt-2 pl-5.75">
        {isStillOut ? (
          <Suspense fallback={null}>
            <WaysOut error={{ code: "insufficient_credits" }} />
          </Suspense>
        ) : null}
        <Button
          size="sm"
          variant={isStillOut ? "plain" : "primary"}
          onClick={onContinue}
          isLoading={isContinuing}
          loadingWord="Continuing…"
        >
          Continue
        </Button>
        <Button size="sm" onClick={onStop}>
          Stop run
        </Button>
      </div>
    </section>
  );
}
