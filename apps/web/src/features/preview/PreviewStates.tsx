import { ExternalLink, Moon, Play, RotateCw } from "lucide-react";
import type { Project, Task } from "@tesslate/contract";
import type { ReactNode } from "react";
import { plainLine } from "../../lib/ansi.ts";
import { formatPercent } from "../../lib/numbers.ts";
import { formatTime } from "../../lib/time.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Progress } from "../../ui/Progress.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { Spinner } from "../../ui/Spinner.tsx";
import { LostFilesState } from "../lost-files/index.ts";
import type { AppFailure } from "./app-failure.ts";
import { FailureFacts } from "./FailureFacts.tsx";
import type { PreviewPhase } from "./preview-phase.ts";

export interface PreviewActions {
  start: () => void;
  restart: () => void;
  showLogs: () => void;
  /** Asks the agent to find the cause; undefined while it works. */
  fix: (() => void) | undefined;
  openFile: (place: string) => void;
  /** Sets the project up again. */
  retrySetup: () => void;
  isRetryingSetup: boolean;
  isStarting: boolean;
}

const whyStopped: Record<NonNullable<Project["stop_reason"]>, string> = {
  user: "You stopped the app.",
  idle: "The app was stopped after inactivity.",
  memory: "The app was idle, and the server was low on memory.",
  limit: "The app was idle, and you reached your limit of running projects.",
  admin: "An administrator stopped the app.",
};

/** A line of a task's log without its timestamp. */
const textOf = (line: string) => plainLine(line).replace(/^\[[^\]]*\]\s*/, "");

/** The last log lines; renders nothing when there are none. */
export const LogTail = ({ lines, label }: { lines: readonly string[]; label: string }) =>
  lines.length === 0 ? null : (
    <pre
      aria-label={label}
      {...scrollable}
      className="scroll-y max-h-60 w-full max-w-[72ch] rounded-2 border border-line-0 bg-bg-2 px-3 py-2 text-xs leading-code wrap-anywhere whitespace-pre-wrap text-fg-1"
    >
      {lines.slice(-12).map(textOf).join("\n")}
    </pre>
  );

function Working({ title, task, children }: { title: string; task: Task | undefined; children?: ReactNode }) {
  const share = task && task.progress.percentage / 100;
  return (
    <div role="status" className="flex w-full max-w-140 flex-col gap-3 p-6">
      <div className="flex items-center gap-2.5">
        <span className="spin" aria-hidden="true" />
        <h2 className="text-md">{title}</h2>
        {share === undefined ? null : <span className="num ml-auto text-sm text-fg-2">{formatPercent(share)}</span>}
      </div>
      <Progress share={share} label={title} />
      <p className="min-h-5 text-sm text-fg-2">{task?.progress.message}</p>
      <LogTail lines={task?.logs ?? []} label="Last log lines" />
      {children}
    </div>
  );
}

/** Shown in place of the page while it does not run. */
export function PreviewState({
  phase,
  failure,
  actions,
}: {
  phase: Exclude<PreviewPhase, { kind: "running" }>;
  /** Of a crash. */
  failure: AppFailure | undefined;
  actions: PreviewActions;
}) {
  switch (phase.kind) {
    case "provisioning":
      return <Working title="Creating project…" task={phase.task} />;
    case "starting":
      return (
        <Working title="Starting app…" task={phase.task}>
          <div>
            <Button size="sm" variant="ghost" onClick={actions.showLogs}>
              Show logs
            </Button>
          </div>
        </Working>
      );
    case "setup-failed":
      return (
        <ErrorState
          title="Couldn't set up the project"
          {...(phase.task && phase.task.logs.length > 0 && { details: phase.task.logs.map(textOf).join("\n") })}
        >
          {phase.task?.error ?? "The server gave no reason."} Retry the setup. Your first message is kept and runs afterwards.
          <div className="pt-3">
            <Button icon={<RotateCw size={14} />} onClick={actions.retrySetup} isLoading={actions.isRetryingSetup} loadingWord="Retrying…">
              Retry setup
            </Button>
          </div>
        </ErrorState>
      );
    case "files-missing":
      return <LostFilesState />;
    case "restoring-files":
      return <Working title="Restoring files…" task={phase.task} />;
    case "crashed":
      return (
        <div role="alert" className="flex w-full max-w-160 flex-col items-start gap-3 p-6">
          <div>
            <h2 className="text-md">{phase.exitCode === undefined ? "The app crashed" : `The app crashed (exit ${phase.exitCode})`}</h2>
            <p className="mt-1 text-sm leading-read text-fg-2">
              {phase.message ?? "The process exited. Restart the app, or fix it with the agent."}
              {phase.restartAt === undefined ? null : (
                <>
                  {" "}
                  The app restarts automatically at <time dateTime={phase.restartAt}>{formatTime(phase.restartAt)}</time>.
                </>
              )}
            </p>
          </div>
          {failure ? <FailureFacts failure={failure} onOpenFile={actions.openFile} /> : null}
          <LogTail lines={phase.lastLines} label="Last log lines" />
          <div className="flex flex-wrap gap-2">
            <Button variant="primary" disabled={!actions.fix} onClick={actions.fix}>
              Fix with agent
            </Button>
            <Button icon={<RotateCw size={14} />} onClick={actions.restart} isLoading={actions.isStarting} loadingWord="Restarting…">
              Restart
            </Button>
            <Button variant="ghost" onClick={actions.showLogs}>
              Show logs
            </Button>
          </div>
          {actions.fix ? null : <p className="text-xs text-fg-2">The agent is working.</p>}
        </div>
      );
    case "asleep":
      return (
        <EmptyState
          title="The app is hibernated"
          action={
            <Button
              variant="primary"
              icon={<Moon size={14} />}
              onClick={actions.start}
              isLoading={actions.isStarting}
              loadingWord="Waking…"
            >
              Wake app
            </Button>
          }
        >
          Inactive apps hibernate. Files and data aren't affected.
        </EmptyState>
      );
    case "stopped":
      return (
        <EmptyState
          title="The app is stopped"
          action={
            <Button
              variant="primary"
              icon={<Play size={14} />}
              onClick={actions.start}
              isLoading={actions.isStarting}
              loadingWord="Starting…"
            >
              Start app
            </Button>
          }
        >
          {phase.reason === null ? "" : `${whyStopped[phase.reason]} `}Start the app to see it here. You can chat and edit files while it is
          stopped.
        </EmptyState>
      );
    case "loading":
      return phase.containers.error ? (
        <LoadFailed title="Couldn't load the containers" of={phase.containers} />
      ) : (
        <Spinner word="Loading app…" className="text-fg-2" />
      );
    case "nothing-serves":
      return (
        <EmptyState title="No app to preview yet">
          No container of this project serves a port. Ask the agent to build an app, and its preview appears here.
        </EmptyState>
      );
  }
}

/** Above the page while the running app reports an error. */
export const FailureNotice = ({ failure, actions }: { failure: AppFailure; actions: Pick<PreviewActions, "fix" | "openFile"> }) => (
  <div className="flex flex-wrap items-start gap-x-3 gap-y-1.5 border-b border-line-0 bg-bg-1 px-3 py-2 text-xs text-fg-1">
    <div className="min-w-0 flex-1 basis-64">
      <FailureFacts failure={failure} onOpenFile={actions.openFile} />
    </div>
    {actions.fix ? (
      <Button size="sm" variant="danger" onClick={actions.fix}>
        Fix with agent
      </Button>
    ) : (
      <span className="text-fg-2">The agent is working.</span>
    )}
  </div>
);

/** This browser blocks cookies in frames of another site, which the preview needs. */
export const ShutOutNotice = ({ onOpen, onRetry }: { onOpen: () => void; onRetry: () => void }) => (
  <div role="status" className="flex flex-wrap items-center gap-x-3 gap-y-1.5 border-b border-line-0 bg-bg-1 px-3 py-2 text-xs text-fg-1">
    <span className="min-w-0 flex-1 basis-64">Your browser blocks the cookie of the embedded preview. Open the preview in a new tab.</span>
    <Button size="sm" icon={<ExternalLink size={14} />} onClick={onOpen}>
      Open in new tab
    </Button>
    <Button size="sm" variant="ghost" onClick={onRetry}>
      Retry
    </Button>
  </div>
);
