import type { Task } from "@tesslate/contract";
import { RotateCw } from "lucide-react";
import { formatPercent } from "../../lib/numbers.ts";
import { Button } from "../../ui/Button.tsx";
import { Progress } from "../../ui/Progress.tsx";
import { ThreadItem } from "../../ui/thread/index.ts";

/** Progress of the project's setup or start. */
export function SetupRow({ task, title }: { task: Task | undefined; title: string }) {
  const share = task && task.progress.percentage / 100;
  return (
    <ThreadItem bead="live" line="live" className="[--bead-y:13px]">
      <div className="pb-3 text-xs" role="status">
        <div className="flex min-h-(--row) items-center gap-1.75">
          <span className="spin" aria-hidden="true" />
          <span className="font-medium text-fg-0">{title}</span>
          <span className="min-w-0 flex-1 truncate text-fg-2">{task?.progress.message}</span>
          {share === undefined ? null : <span className="num text-fg-3">{formatPercent(share)}</span>}
        </div>
        <Progress share={share} label={title} className="mr-1.5" />
      </div>
    </ThreadItem>
  );
}

/** The setup failed. A waiting message is kept and sent after a successful retry. */
export function SetupFailedRow({ isWaiting, isRetrying, onRetry }: { isWaiting: boolean; isRetrying: boolean; onRetry: () => void }) {
  return (
    <ThreadItem bead="failed" className="[--bead-y:13px]">
      <div className="flex flex-wrap items-center gap-2 pb-3 text-xs" role="alert">
        <span className="min-w-0 flex-1 text-fg-1">
          Couldn't set up the project.{isWaiting ? " Your message is kept and runs after a successful retry." : ""}
        </span>
        <Button size="sm" icon={<RotateCw size={14} />} onClick={onRetry} isLoading={isRetrying} loadingWord="Retrying…">
          Retry setup
        </Button>
      </div>
    </ThreadItem>
  );
}
