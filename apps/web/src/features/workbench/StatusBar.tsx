import { CircleCheck, TriangleAlert } from "lucide-react";
import { counted } from "../../lib/counted.ts";
import { formatDuration } from "../../lib/durations.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatCompact } from "../../lib/numbers.ts";
import { useContainers, useProject, useProjectEvents, useRuntime } from "../../project/project-context.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { Elapsed, isRunActive, useConversation } from "../chat/index.ts";
import { ContainerDot, containerLook } from "../containers/index.ts";
import { useGitStatus, GitFacts } from "../git/index.ts";
import { useOpenPreview, currentProblems } from "../preview/index.ts";

/** Container status, git, problems, and usage of the run. */
export function StatusBar() {
  const containers = useContainers();
  const { environment_status: environment } = useProject();
  const { state: stream } = useProjectEvents();
  const { restartContainer } = useRuntime();
  const { openDock, openLogs, show } = useWorkbenchActions();
  const isRunning = useConversation(isRunActive);
  const run = useConversation(
    ({ lastRun }) =>
      lastRun && {
        status: lastRun.status,
        startedAt: lastRun.startedAt,
        durationMs: lastRun.durationMs,
        usage: lastRun.usage,
      },
  );
  const git = useGitStatus().status;
  const hasWorkingApp =
    environment === "active" &&
    containers.some(({ status }) => status === "running") &&
    containers.every(({ status }) => status !== "failed");
  const problemCount = currentProblems(useOpenPreview().preview.reports).length;
  return (
    <footer
      aria-label="Status"
      className="relative flex h-(--status) min-w-0 items-center gap-3.5 overflow-hidden pr-3.5 pl-1.5 text-2xs whitespace-nowrap text-fg-2"
    >
      {/* Scrolls when there are many, so that the end of the bar stays visible. */}
      <span className="relative -ml-1 flex h-full min-w-0 items-center gap-3.5 overflow-x-auto px-1 [scrollbar-width:none]">
        {containers.map((container) => (
          <span key={container.id} className="inline-flex flex-none items-center gap-1.5">
            <button
              type="button"
              title={[`${container.name}: ${containerLook(container).word}`, container.status_message].filter(Boolean).join(". ")}
              onClick={() => openLogs(container.id)}
              className="inline-flex items-center gap-1.5 hover:text-fg-0"
            >
              <ContainerDot status={container.status} needs_restart={container.needs_restart} />
              {container.name}
              {container.status === "running" && !container.needs_restart ? (
                <span className="sr-only">running</span>
              ) : (
                <span className={container.status === "failed" ? "text-err" : undefined}>{containerLook(container).word}</span>
              )}
            </button>
            {container.status === "failed" ? (
              <>
                <button type="button" className="underline hover:text-fg-0" onClick={() => openLogs(container.id)}>
                  Logs<span className="sr-only"> of {container.name}</span>
                </button>
                <button type="button" className="underline hover:text-fg-0" onClick={() => restartContainer(container.id)}>
                  Restart<span className="sr-only"> {container.name}</span>
                </button>
              </>
            ) : null}
          </span>
        ))}
      </span>
      <GitFacts status={git} onOpen={() => show("git")} />
      {problemCount > 0 ? (
        <button type="button" onClick={() => openDock("problems")} className="inline-flex items-center gap-1.5 text-err hover:underline">
          <TriangleAlert size={13} aria-hidden="true" />
          {counted(problemCount, "problem")}
        </button>
      ) : hasWorkingApp ? (
        <span className="inline-flex items-center gap-1.5" title="None reported by the app since the workbench was opened">
          <CircleCheck size={13} aria-hidden="true" />
          No problems
        </span>
      ) : null}
      <span className="flex-1" />
      {stream === "reconnecting" ? <span className="text-info">Reconnecting…</span> : null}
      {run ? (
        <>
          {isRunning ? (
            <span className="inline-flex items-center gap-1.5">
              {run.status === "waiting" ? "Needs your input" : "Working"} <Elapsed since={run.startedAt} />
            </span>
          ) : run.durationMs !== undefined ? (
            <span className="num" title="Time that the agent worked in the last run">
              {run.status === "done" ? `Done after ${formatDuration(run.durationMs)}` : `Ended after ${formatDuration(run.durationMs)}`}
            </span>
          ) : null}
          {run.usage.tokensIn + run.usage.tokensOut > 0 ? (
            <span className="num" title="Tokens of this run">
              {formatCompact(run.usage.tokensIn)} in · {formatCompact(run.usage.tokensOut)} out
            </span>
          ) : null}
          {run.usage.costCents > 0 ? (
            <span className="num text-fg-0" title="Cost of this run">
              {formatDollars(run.usage.costCents)}
            </span>
          ) : null}
        </>
      ) : null}
    </footer>
  );
}
