import { SquareTerminal } from "lucide-react";
import { memo, useState } from "react";
import { cx } from "../../../lib/cx.ts";
import { formatDuration } from "../../../lib/durations.ts";
import type { CommandView } from "../chat.types.ts";
import { CommandOutput } from "./CommandOutput.tsx";
import { Elapsed } from "./Elapsed.tsx";
import { StopCommandButton } from "./StopCommandButton.tsx";

const reasons = {
  exited: "done",
  timed_out: "timed out",
  stopped: "stopped by the agent",
  stopped_by_person: "stopped",
  run_ended: "ended with the run",
} as const;

/** Who stopped a command that neither exited nor ran out of time. */
export const stopReason = ({ ending }: CommandView): string | undefined =>
  !ending || ending.reason === "exited" || ending.reason === "timed_out" ? undefined : reasons[ending.reason];

/** Whether the command runs, and how it ended: exit code or reason, and duration. */
export function CommandState({ command: { startedAt, ending } }: { command: CommandView }) {
  if (!ending)
    return (
      <>
        <span className="spin" aria-hidden="true" />
        <span className="sr-only">running</span>
        <Elapsed since={startedAt} />
      </>
    );
  const { exitCode, reason, durationMs } = ending;
  const isFailed = reason === "timed_out" || (exitCode ?? 0) !== 0;
  return (
    <>
      <span className={isFailed ? "text-err" : undefined}>
        {reason === "exited" && exitCode !== null && exitCode !== 0 ? `exit ${exitCode}` : reasons[reason]}
      </span>
      {durationMs === undefined ? null : <span>{formatDuration(durationMs)}</span>}
    </>
  );
}

/** A background command in one line; it expands to its output. */
export const CommandRow = memo(({ command }: { command: CommandView }) => {
  const [isOpen, setIsOpen] = useState(false);
  const hasOutput = command.output !== "";
  return (
    <div data-testid="command-row" data-state={command.ending?.reason ?? "running"} className="text-xs">
      <div className="flex items-center gap-1">
        <button
          type="button"
          aria-expanded={isOpen && hasOutput}
          disabled={!hasOutput}
          onClick={() => setIsOpen(!isOpen)}
          className={cx(
            "-ml-1.5 flex h-(--row) min-w-0 flex-1 items-center gap-1.75 rounded-2 px-1.5 text-left hover:bg-bg-3 disabled:cursor-default narrow:h-9 narrow:text-sm",
            isOpen && "bg-bg-3",
          )}
        >
          <SquareTerminal size={14} className={cx("flex-none", isOpen ? "text-fg-2" : "text-fg-3")} aria-hidden="true" />
          <span className="flex-none font-medium text-fg-0">In the background</span>
          <span className="min-w-0 truncate font-mono text-xs text-fg-2">{command.command}</span>
          <span className={cx("num ml-auto inline-flex flex-none items-center gap-2 pl-2", isOpen ? "text-fg-2" : "text-fg-3")}>
            <CommandState command={command} />
          </span>
        </button>
        {command.ending ? null : <StopCommandButton command={command} />}
      </div>
      {isOpen && hasOutput ? (
        <div className="pt-1 pb-2">
          <CommandOutput command={command} />
        </div>
      ) : null}
    </div>
  );
});
