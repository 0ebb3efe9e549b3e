import { Ban, CircleAlert, CircleCheck, CirclePause, Clock, MessageSquareMore } from "lucide-react";
import type { CardRun } from "@tesslate/contract";
import type { ReactNode } from "react";
import { cx } from "../../lib/cx.ts";
import { formatDollars } from "../../lib/money.ts";
import { Pill, type Tone } from "../../ui/Pill.tsx";

export const runLooks: Record<CardRun["state"], { label: string; tone: Tone; icon?: ReactNode }> = {
  queued: { label: "Queued", tone: "neutral", icon: <Clock size={12} /> },
  running: { label: "Working", tone: "live" },
  waiting: { label: "Needs your input", tone: "warn", icon: <MessageSquareMore size={12} /> },
  paused: { label: "Paused", tone: "warn", icon: <CirclePause size={12} /> },
  completed: { label: "Run completed", tone: "ok", icon: <CircleCheck size={12} /> },
  failed: { label: "Run failed", tone: "err", icon: <CircleAlert size={12} /> },
  stopped: { label: "Run stopped", tone: "neutral", icon: <Ban size={12} /> },
};

export const RunPill = ({ run, isBare = false }: { run: CardRun; isBare?: boolean }) => {
  const { label, tone, icon } = runLooks[run.state];
  return (
    <Pill tone={tone} icon={icon} isBusy={run.state === "running"} isBare={isBare}>
      {label}
    </Pill>
  );
};
/** What the run has cost so far; nothing before its first call of a model. */
export const RunCost = ({ run }: { run: CardRun }) =>
  run.cost_cents > 0 ? <span className="num text-2xs text-fg-2">{formatDollars(run.cost_cents)}</span> : null;

/** The run of a card on its tile; opens its chat. */
export function CardRunLine({ run, isStop, onOpen }: { run: CardRun; isStop: boolean; onOpen: () => void }) {
  const isTrouble = run.message !== null && run.state !== "stopped";
  return (
    <button
      type="button"
      tabIndex={isStop ? 0 : -1}
      title={run.message ?? undefined}
      onClick={onOpen}
      className="relative -mx-1 mt-1.5 -mb-1 block w-[calc(100%+var(--spacing)*2)] rounded-2 px-1 py-0.5 text-left hover:bg-bg-3 focus-visible:outline-2 narrow:py-2"
    >
      <span className="flex items-center gap-2">
        <RunPill run={run} isBare />
        <span className="flex-1" />
        <RunCost run={run} />
      </span>
      {isTrouble ? (
        <span className={cx("line-clamp-2 text-2xs break-words", run.state === "failed" ? "text-err" : "text-fg-1")}>{run.message}</span>
      ) : null}
      <span className="sr-only"> Open chat</span>
    </button>
  );
}
