import { Brain, Check, ChevronRight, Info, X } from "lucide-react";
import type { EditMode } from "@tesslate/contract";
import { maxAutoFixes } from "@tesslate/contract/app-errors";
import { memo, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { formatDateTime, formatTime } from "../../lib/time.ts";
import { formatDollars } from "../../lib/money.ts";
import { formatDuration } from "../../lib/durations.ts";
import { formatCompact } from "../../lib/numbers.ts";
import { modeOf } from "../../lib/edit-modes.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { MessageAttachments } from "./attach/AttachmentChips.tsx";
import { ChangesCard } from "./ChangesCard.tsx";
import type { ApprovalPart, PlainPart, Run, SteeredPart, ThoughtPart, UserTurn } from "./chat.types.ts";
import { MessageMenu } from "./MessageMenu.tsx";
import { isAllowed } from "./run-events.ts";
import { RunContextFacts } from "./RunContextFacts.tsx";
import { Elapsed } from "./tools/Elapsed.tsx";
import { argumentOf, touchedPaths } from "./tools/tool-facts.ts";
import type { TurnPosition } from "./transcript-rows.ts";

/** The signed-in person. */
export interface Reader {
  id: string;
  name: string;
}

interface UserRowProps {
  turn: UserTurn;
  name: string;
  /** Of the run that answers it. */
  mode: EditMode | undefined;
  position: TurnPosition;
}
export const UserRow = memo(({ turn, name, mode, position }: UserRowProps) => (
  <article className="group pt-0.5 pb-3">
    <header className="mb-0.5 flex min-h-4.5 items-center gap-2 text-xs text-fg-3">
      <b className="font-semibold">{name}</b>
      <time dateTime={turn.at} title={formatDateTime(turn.at)} className="num">
        {formatTime(turn.at)}
      </time>
      {turn.autoFix ? <span>{`auto-fix, attempt ${turn.autoFix} of ${maxAutoFixes}`}</span> : null}
      {turn.delivery === "sending" ? <span>{turn.isQueued ? "queued" : "sending"}</span> : null}
      {mode ? (
        <span data-testid="run-mode" title={modeOf(mode).hint} className="flex-none">
          {modeOf(mode).label}
        </span>
      ) : null}
      <MessageMenu turn={turn} position={position} />
    </header>
    {turn.text ? <p className="max-w-190 text-md leading-read break-words whitespace-pre-wrap text-fg-0">{turn.text}</p> : null}
    {turn.attachments?.length ? <MessageAttachments list={turn.attachments} /> : null}
    {turn.details ? <MessageDetails text={turn.details} /> : null}
  </article>
));

/** What the agent got with the message. */
function MessageDetails({ text }: { text: string }) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
        className={cx(line, "-ml-1.5 rounded-2 px-1.5 hover:bg-bg-3")}
      >
        <ChevronRight size={14} className={cx("flex-none text-fg-3", isOpen && "rotate-90")} aria-hidden="true" />
        {isOpen ? "Hide details" : "Show details"}
      </button>
      {isOpen ? (
        <pre
          {...scrollable}
          aria-label="Details"
          className="scroll-y max-h-60 rounded-2 border border-line-0 bg-bg-1 px-2.5 py-2 text-xs leading-code break-words whitespace-pre-wrap text-fg-1"
        >
          {text}
        </pre>
      ) : null}
    </>
  );
}

/** A message that was sent during the run. */
export const SteeredRow = memo(({ part, name }: { part: SteeredPart; name: string }) => (
  <article className="pt-0.5 pb-3">
    <header className="mb-0.5 flex min-h-4.5 items-center gap-2 text-xs text-fg-3">
      <b className="font-semibold">{name}</b>
      <time dateTime={part.at} title={formatDateTime(part.at)} className="num">
        {formatTime(part.at)}
      </time>
      <span>sent during run</span>
    </header>
    <p className="max-w-190 text-md leading-read break-words whitespace-pre-wrap text-fg-0">{part.text}</p>
  </article>
));

const line = "flex min-h-(--row) min-w-0 items-center gap-1.75 text-xs text-fg-2 narrow:min-h-9 narrow:text-sm";

export const ThoughtRow = memo(({ part, isStreaming }: { part: ThoughtPart; isStreaming: boolean }) => {
  const [toggled, setToggled] = useState<boolean>();
  const isOpen = toggled ?? isStreaming;
  const label =
    part.durationMs === undefined ? "Thought" : `Thought for ${formatDuration(Math.max(1, Math.round(part.durationMs / 1_000)) * 1_000)}`;
  return (
    <div>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setToggled(!isOpen)}
        className={cx(line, "-ml-1.5 w-[calc(100%+6px)] rounded-2 px-1.5 hover:bg-bg-3", isOpen && "bg-bg-3")}
      >
        <Brain size={14} className="flex-none text-fg-3" aria-hidden="true" />
        <span className="flex-none font-medium text-fg-0">{isStreaming ? "Thinking" : label}</span>
        {isOpen ? null : <span className="min-w-0 truncate">{part.text}</span>}
      </button>
      {isOpen ? (
        // While it grows, the newest lines are shown.
        <div className={cx(isStreaming && toggled === undefined && "flex max-h-30 flex-col-reverse overflow-hidden")}>
          <p className="py-1.5 text-sm leading-read whitespace-pre-wrap text-fg-2">{part.text}</p>
        </div>
      ) : null}
    </div>
  );
});

const answers = {
  allow_once: "Allowed once",
  allow_all: "Allowed for this chat",
  deny: "Denied",
  stop: "Stopped",
  timeout: "No answer in time",
  cancelled: "Not answered",
  expired: "Not answered",
} as const;

/** An answered approval: answer, person, time and note. */
export const AnsweredRow = memo(({ part, reader }: { part: ApprovalPart; reader: Reader }) => {
  const answer = part.answer;
  if (!answer) return null;
  // The server sends ids; only the name of the signed-in person is known here.
  const by = answer.by === reader.id ? reader.name : /^[0-9a-f-]{36}$/.test(answer.by ?? "") ? "someone else" : answer.by;
  const isNo = answer.response === "deny" || answer.response === "stop";
  const payload = argumentOf({ name: part.toolName, parameters: part.parameters }).text || part.toolName;
  return (
    <div data-testid="approval-card" data-answer={answer.response} className={line}>
      {isAllowed(answer.response) ? (
        <Check size={14} className="flex-none text-ok" aria-hidden="true" />
      ) : (
        <X size={14} className={cx("flex-none", isNo ? "text-err" : "text-fg-3")} aria-hidden="true" />
      )}
      <span className={cx("min-w-0 flex-1", answer.note ? "py-1 break-words" : "truncate")}>
        <b>
          {answers[answer.response]}
          {by ? ` by ${by}` : ""}
        </b>
        , {formatTime(answer.at)}
        {answer.note ? `: “${answer.note}”` : ""}
        {answer.note ? <code className="block truncate font-mono text-xs">{payload}</code> : null}
      </span>
      {answer.note ? null : (
        <code title={payload} className="max-w-2/5 min-w-0 flex-none truncate font-mono text-xs">
          {payload}
        </code>
      )}
    </div>
  );
});

export const PlainRow = memo(({ part }: { part: PlainPart }) => (
  <details className="text-xs text-fg-2">
    <summary className={cx(line, "list-none rounded-2 [&::-webkit-details-marker]:hidden")}>
      <ChevronRight size={14} className="flex-none text-fg-3" aria-hidden="true" />
      {part.type.replaceAll("_", " ")}
    </summary>
    <pre className="scroll-y max-h-60 rounded-2 border border-line-0 bg-bg-1 px-2.5 py-2 break-words whitespace-pre-wrap">
      {JSON.stringify(part.data, undefined, 2)}
    </pre>
  </details>
));

export const WorkingRow = ({ run }: { run: Run }) => (
  <div className={line}>
    <span className="spin" aria-hidden="true" />
    <span className="font-medium text-fg-0">Working</span>
    <span className="ml-auto text-fg-3">
      <Elapsed since={run.startedAt} />
    </span>
  </div>
);

const endings: Record<string, string> = {
  done: "Done",
  cancelled: "Stopped",
  limited: "Stopped at a limit",
  interrupted: "Interrupted when the server stopped",
  failed: "Failed",
  resource_limit_exceeded: "Paused",
  max_iterations: "Paused",
  credits_exhausted: "Stopped: no credits left",
  approval_timeout: "Stopped: no answer in time",
};

/** The last line of a run: outcome, duration, tokens and cost, and Continue after an interruption. */
export const EndRow = memo(({ run, onResume, isLast }: { run: Run; onResume: ((taskId: string) => void) | undefined; isLast: boolean }) => {
  const tools = run.parts.filter((part) => part.kind === "tool");
  const [isDetailed, setIsDetailed] = useState(false);
  const hasContext = !run.taskId.startsWith("message:");
  const files = new Set(run.changes ? [] : tools.flatMap(touchedPaths));
  const facts = [
    run.durationMs ? formatDuration(run.durationMs) : undefined,
    tools.length > 0 ? counted(tools.length, "step") : undefined,
    files.size > 0 ? counted(files.size, "file") : undefined,
    run.usage.tokensIn + run.usage.tokensOut > 0
      ? `${formatCompact(run.usage.tokensIn)} tokens in · ${formatCompact(run.usage.tokensOut)} out`
      : undefined,
    run.usage.costCents > 0 ? formatDollars(run.usage.costCents) : undefined,
  ].filter((fact) => fact !== undefined);
  const end = (
    <div className={cx(line, "mb-2", run.status === "interrupted" && "flex-wrap")}>
      <span className="flex-none font-medium text-fg-0">{endings[run.reason ?? ""] ?? endings[run.status] ?? "Ended"}</span>
      <span className="num min-w-0 py-0.5 leading-ui">{facts.join(" · ")}</span>
      {hasContext ? (
        <IconButton
          size="sm"
          label="Run context"
          aria-expanded={isDetailed}
          onClick={() => setIsDetailed(!isDetailed)}
          className="narrow:size-9!"
        >
          <Info size={13} />
        </IconButton>
      ) : null}
      {run.status === "interrupted" && onResume ? (
        <Button size="sm" className="ml-auto" onClick={() => onResume(run.taskId)}>
          Continue
        </Button>
      ) : null}
    </div>
  );
  const context = isDetailed ? <RunContextFacts taskId={run.taskId} /> : null;
  return run.changes && run.changes.files > 0 ? (
    <>
      {end}
      {context}
      <ChangesCard run={run} changes={run.changes} isLast={isLast} />
    </>
  ) : (
    <>
      {end}
      {context}
    </>
  );
});
