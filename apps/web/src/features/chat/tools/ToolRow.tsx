import { CircleSlash2 } from "lucide-react";
import { memo, useLayoutEffect, useMemo, useRef, useState } from "react";
import { counted } from "../../../lib/counted.ts";
import { cx } from "../../../lib/cx.ts";
import { formatDuration } from "../../../lib/durations.ts";
import { DiffBlock } from "../../../ui/DiffBlock.tsx";
import { scrollable } from "../../../ui/scrollable.ts";
import type { ToolPart } from "../chat.types.ts";
import { Pictures } from "../pictures/Pictures.tsx";
import { imageOfTool } from "../pictures/pictures.ts";
import { CommandOutput } from "./CommandOutput.tsx";
import { CommandState, stopReason } from "./CommandRow.tsx";
import { Elapsed } from "./Elapsed.tsx";
import { StopCommandButton } from "./StopCommandButton.tsx";
import { argumentOf, toolFacts } from "./tool-facts.ts";
import { lookOf } from "./tool-looks.ts";

const words: Partial<Record<ToolPart["status"], string>> = {
  running: "running",
  waiting: "waiting for you",
  failed: "failed",
  refused: "not run",
};

/** A tool call in one line, with the images of its result; it expands to its output. Failed calls and commands that print something are expanded at first. */
export const ToolRow = memo(({ part }: { part: ToolPart }) => {
  const facts = useMemo(() => toolFacts(part), [part]);
  const [choice, setChoice] = useState<boolean>();
  const { icon: Icon, verb } = lookOf(part.name);
  const argument = argumentOf(part);
  // The result has the reason of a failure, and all of an output that the events have only in part.
  const { command } = part;
  const live = command && command.output !== "" && part.result?.success !== false && !command.ending?.isEndCut ? command : undefined;
  const isRunning = part.status === "running";
  const stopped = command && stopReason(command);
  const isFailed = part.status === "failed";
  const isOpen = choice ?? ((isFailed && stopped === undefined) || (isRunning && live !== undefined));
  const parameters = Object.keys(part.parameters).length > 0 ? part.parameters : undefined;
  // The evidence below shows the screenshots of `verify` with its steps.
  const images = part.name === "verify" ? [] : (part.result?.images ?? []);
  const hasMore = facts.diff !== undefined || facts.output !== undefined || parameters !== undefined || live !== undefined;
  return (
    <div data-testid="tool-row" data-tool={part.name} data-status={part.status} className="text-xs">
      <div className="flex items-center gap-1">
        <button
          type="button"
          aria-expanded={isOpen}
          disabled={!hasMore}
          onClick={() => setChoice(!isOpen)}
          className={cx(
            "-ml-1.5 flex h-(--row) min-w-0 flex-1 items-center gap-1.75 rounded-2 px-1.5 text-left hover:bg-bg-3 disabled:cursor-default narrow:h-9 narrow:text-sm",
            isOpen && "bg-bg-3",
          )}
        >
          <Icon size={14} className={cx("flex-none", isOpen ? "text-fg-2" : "text-fg-3")} aria-hidden="true" />
          <span className="flex-none font-medium text-fg-0">{verb}</span>
          <span className={cx("min-w-0 truncate text-fg-2", argument.isMono && "font-mono text-xs")}>{argument.text}</span>
          <span className={cx("num ml-auto inline-flex flex-none items-center gap-2 pl-2", isOpen ? "text-fg-2" : "text-fg-3")}>
            {facts.change ? <Change {...facts.change} /> : null}
            {facts.exitCode !== undefined && facts.exitCode !== 0 ? (
              <span className="text-err">{facts.isOutOfMemory ? "out of memory" : `exit ${facts.exitCode}`}</span>
            ) : null}
            {isFailed && stopped !== undefined ? <span>{stopped}</span> : null}
            {isFailed && stopped === undefined && !facts.exitCode ? <span className="text-err">failed</span> : null}
            {part.status === "refused" ? (
              <span className="inline-flex items-center gap-1">
                <CircleSlash2 size={12} aria-hidden="true" /> not run
              </span>
            ) : null}
            {part.status === "stopped" && stopped === undefined ? <span>stopped</span> : null}
            {isRunning && command ? <CommandState command={command} /> : null}
            {isRunning && !command ? (
              <>
                <span className="spin" aria-hidden="true" />
                <span className="sr-only">running</span>
                <Elapsed since={part.startedAt} />
              </>
            ) : null}
            {part.status === "waiting" ? <span className="text-err">{words.waiting}</span> : null}
            {part.durationMs !== undefined && !isRunning ? <span>{formatDuration(part.durationMs)}</span> : null}
            {part.status === "queued" ? <span className="sr-only">not started</span> : null}
            {part.status === "ok" || part.status === "ended" ? <span className="sr-only">done</span> : null}
          </span>
        </button>
        {isRunning && command && !command.ending ? <StopCommandButton command={command} /> : null}
      </div>
      {images.length > 0 ? (
        <div className="pt-1 pb-2">
          <Pictures pictures={images.map(imageOfTool)} kind="image" />
        </div>
      ) : null}
      {isOpen && hasMore ? (
        <div className="pt-1 pb-2">
          {facts.diff ? <DiffBlock lines={facts.diff} path={argument.text} /> : null}
          {live && !facts.diff ? <CommandOutput command={live} /> : null}
          {facts.output && !live ? <Output text={facts.output} isFailed={isFailed} label={`Output of ${verb} ${argument.text}`} /> : null}
          {!facts.diff && !facts.output && !live && parameters ? (
            <pre
              {...scrollable}
              aria-label={`Parameters of ${verb}`}
              className="scroll-y max-h-72 rounded-2 border border-line-0 bg-bg-1 px-2.5 py-1.75 text-xs leading-read break-words whitespace-pre-wrap text-fg-1"
            >
              {JSON.stringify(parameters, undefined, 2)}
            </pre>
          ) : null}
        </div>
      ) : null}
    </div>
  );
});

/** The output. After a failure it is scrolled to the end, where the reason usually is. */
function Output({ text, isFailed, label }: { text: string; isFailed: boolean; label: string }) {
  const box = useRef<HTMLPreElement>(null);
  useLayoutEffect(() => {
    if (isFailed && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [isFailed]);
  return (
    <pre
      ref={box}
      {...scrollable}
      aria-label={label}
      className="scroll-y max-h-72 rounded-2 border border-line-0 bg-bg-1 px-2.5 py-1.75 text-xs leading-read break-words whitespace-pre-wrap text-fg-1"
    >
      {clip(text, isFailed)}
    </pre>
  );
}

const shownLines = 400;
/** Cuts long output: keeps the end if the call failed, the start otherwise. */
function clip(output: string, isFailed: boolean): string {
  const lines = output.split("\n");
  const more = lines.length - shownLines;
  if (more <= 0) return output;
  return isFailed
    ? `… ${counted(more, "earlier line")}\n${lines.slice(-shownLines).join("\n")}`
    : `${lines.slice(0, shownLines).join("\n")}\n… ${counted(more, "more line")}`;
}

/** Lines added and removed. */
export const Change = ({ added, removed }: { added: number; removed: number }) =>
  added === 0 && removed === 0 ? (
    <span className="flex-none">No changes</span>
  ) : (
    <span className="num flex-none">
      <span className="text-diff-add-ink" aria-label={`${counted(added, "line")} added`}>
        +{added}
      </span>
      {removed > 0 ? (
        <span className="ml-1 text-diff-del-ink" aria-label={`${counted(removed, "line")} removed`}>
          −{removed}
        </span>
      ) : null}
    </span>
  );
