import { TriangleAlert } from "lucide-react";
import type { Container } from "@tesslate/contract";
import type { ReactNode } from "react";
import { counted } from "../../lib/counted.ts";
import type { StreamState } from "../../lib/project-stream.ts";
import type { Run } from "../chat/chat.types.ts";
import { costText, tokensText } from "../../lib/durations.ts";
import { Elapsed } from "../chat/tools/ToolRow.tsx";
import { ContainerDot, containerLook } from "../containers/ContainerDot.tsx";

/** 26 px of facts: what runs, what is wrong, what the run has used. */
export function StatusBar({
  containers,
  problemCount,
  onProblems,
  run,
  isLive,
  stream,
  onLogs,
  onRestart,
  git,
}: {
  containers: readonly Container[];
  problemCount: number;
  onProblems: () => void;
  /** The newest run of the session on screen. */
  run: Run | undefined;
  isLive: boolean;
  stream: StreamState;
  onLogs: (containerId: string) => void;
  onRestart: (containerId: string) => void;
  /** Where the project stands with git. */
  git?: ReactNode;
}) {
  return (
    <footer
      aria-label="Status"
      className="relative flex h-(--status) min-w-0 items-center gap-3.5 overflow-hidden pr-3.5 pl-1.5 text-2xs whitespace-nowrap text-fg-2"
    >
      {/* Many scroll by themselves: what stands at the end stays in sight. */}
      <span className="relative -ml-1 flex h-full min-w-0 items-center gap-3.5 overflow-x-auto px-1 [scrollbar-width:none]">
        {containers.map((container) => (
          <span key={container.id} className="inline-flex flex-none items-center gap-1.5">
            <button
              type="button"
              title={[`${container.name}: ${containerLook(container).word}`, container.status_message].filter(Boolean).join(". ")}
              onClick={() => onLogs(container.id)}
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
                <button type="button" className="underline hover:text-fg-0" onClick={() => onLogs(container.id)}>
                  Logs<span className="sr-only"> of {container.name}</span>
                </button>
                <button type="button" className="underline hover:text-fg-0" onClick={() => onRestart(container.id)}>
                  Restart<span className="sr-only"> {container.name}</span>
                </button>
              </>
            ) : null}
          </span>
        ))}
      </span>
      {git}
      {problemCount > 0 ? (
        <button type="button" onClick={onProblems} className="inline-flex items-center gap-1.5 text-err hover:underline">
          <TriangleAlert size={13} aria-hidden="true" />
          {counted(problemCount, "problem")}
        </button>
      ) : null}
      <span className="flex-1" />
      {stream === "reconnecting" ? <span className="text-info">Reconnecting</span> : null}
      {run ? (
        <>
          {isLive ? (
            <span className="inline-flex items-center gap-1.5">
              {run.status === "waiting" ? "Asks you" : "Working"} <Elapsed since={run.startedAt} />
            </span>
          ) : null}
          {run.usage.tokensIn + run.usage.tokensOut > 0 ? (
            <span className="num" title="Tokens of this run">
              {tokensText(run.usage.tokensIn)} in · {tokensText(run.usage.tokensOut)} out
            </span>
          ) : null}
          {run.usage.costCents > 0 ? (
            <span className="num text-fg-0" title="Cost of this run">
              {costText(run.usage.costCents)}
            </span>
          ) : null}
        </>
      ) : null}
    </footer>
  );
}
