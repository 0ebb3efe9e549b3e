import { Link } from "@tanstack/react-router";
import { CirclePause } from "lucide-react";
import { formatDollars } from "../../lib/money.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import type { Run } from "./chat.types.ts";

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
  return (
    <section aria-label="Run paused" className="rounded-3 border border-line-1 bg-bg-1 px-3 py-2.5 text-sm shadow-1">
      <p className="flex gap-2 leading-note">
        <CirclePause size={15} className="mt-0.5 flex-none text-warn" aria-hidden="true" />
        <span className="min-w-0 break-words">
          {run.ending ?? "The run reached its limit. All work so far is kept."}
          {costCents > 0 ? <span className="num text-fg-2"> Cost so far: {formatDollars(costCents)}.</span> : null}
          {ownKeyCents > 0 ? (
            <span className="num text-fg-2"> Cost with your own key: {formatDollars(ownKeyCents)} at list prices.</span>
          ) : null}
        </span>
      </p>
      <div className="flex flex-wrap gap-1.5 pt-2 pl-5.75">
        <Button size="sm" variant="primary" onClick={onContinue} isLoading={isContinuing} loadingWord="Continuing…">
          Continue
        </Button>
        {run.reason === "credits_exhausted" ? (
          <Link to="/settings/billing" className={buttonClass({ size: "sm" })}>
            Top up
          </Link>
        ) : null}
        <Button size="sm" onClick={onStop}>
          Stop run
        </Button>
      </div>
    </section>
  );
}
