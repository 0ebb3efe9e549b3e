import { Bot } from "lucide-react";
import { memo, useMemo, useState } from "react";
import { counted } from "../../../lib/counted.ts";
import { cx } from "../../../lib/cx.ts";
import { formatDuration } from "../../../lib/durations.ts";
import { Markdown } from "../../../ui/markdown/Markdown.tsx";
import { scrollable } from "../../../ui/scrollable.ts";
import type { CallDraft, ToolPart, SubagentCall, SubagentView } from "../chat.types.ts";
import { callCount, subagentOf } from "../subagents.ts";
import { CommandOutput } from "./CommandOutput.tsx";
import { CommandState } from "./CommandRow.tsx";
import { DraftRow, draftFacts } from "./DraftRow.tsx";
import { Elapsed } from "./Elapsed.tsx";
import { StopCommandButton } from "./StopCommandButton.tsx";
import { argumentOf, toolFacts } from "./tool-facts.ts";
import { lookOf } from "./tool-looks.ts";
import { Change } from "./ToolRow.tsx";

/** A call of a sub-agent: collapsed it shows the current step, expanded all steps and the report. */
export const SubagentRow = memo(({ part }: { part: ToolPart }) => {
  const { change } = useMemo(() => toolFacts(part), [part]);
  const [isOpen, setIsOpen] = useState(part.status === "failed");
  const view = subagentOf(part);
  const name = view?.name ?? String(part.parameters["name"] ?? "");
  // Its batch may go on for others when it has finished.
  const isRunning = (part.status === "running" || part.status === "waiting") && view?.isOver !== true;
  const now = isRunning ? view?.rows.findLast((row) => row.kind === "call") : undefined;
  const draft = isRunning ? view?.drafts.at(-1) : undefined;
  const task = argumentOf({ name: part.name, parameters: { task: part.parameters["task"] } }).text;
  const report = part.result?.result?.["content"];
  const reason = part.result?.error;
  const count = view ? callCount(view) : 0;
  return (
    <div data-testid="tool-row" data-tool={part.name} data-status={part.status} className="text-xs">
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setIsOpen(!isOpen)}
        className={cx(
          "-ml-1.5 flex h-(--row) w-[calc(100%+6px)] min-w-0 items-center gap-1.75 rounded-2 px-1.5 text-left hover:bg-bg-3 narrow:h-9 narrow:text-sm",
          isOpen && "bg-bg-3",
        )}
      >
        <Bot size={14} className={cx("flex-none", isOpen ? "text-fg-2" : "text-fg-3")} aria-hidden="true" />
        <span className="max-w-2/5 flex-none truncate font-medium text-fg-0">{name || "Sub-agent"}</span>
        <span className="min-w-0 truncate text-fg-2">{draft ? writing(draft) : now?.kind === "call" ? doing(now.call) : task}</span>
        <span className={cx("num ml-auto inline-flex flex-none items-center gap-2 pl-2", isOpen ? "text-fg-2" : "text-fg-3")}>
          {change ? <Change {...change} /> : null}
          {count > 0 ? <span>{counted(count, "call")}</span> : null}
          {part.status === "failed" ? <span className="text-err">failed</span> : null}
          {part.status === "refused" ? <span>not run</span> : null}
          {part.status === "stopped" ? <span>stopped</span> : null}
          {isRunning ? (
            <>
              <span className="spin" aria-hidden="true" />
              <span className="sr-only">running</span>
              <Elapsed since={part.startedAt} />
            </>
          ) : null}
          {part.durationMs !== undefined && !isRunning ? <span>{formatDuration(part.durationMs)}</span> : null}
          {part.status === "ok" ? <span className="sr-only">done</span> : null}
        </span>
      </button>
      {isOpen ? (
        <div data-testid="subagent" className="mt-1 mb-2 ml-1.5 border-l border-line-0 pl-3">
          <p className="py-1 leading-read break-words whitespace-pre-wrap text-fg-2">
            <span className="font-medium text-fg-1">Task: </span>
            {clip(String(part.parameters["task"] ?? ""))}
          </p>
          {view ? <Rows view={view} hasReport={typeof report === "string" && report.trim() !== ""} /> : null}
          {typeof reason === "string" && reason !== "" ? <p className="py-1 leading-read break-words text-err">{reason}</p> : null}
          {typeof report === "string" && report.trim() !== "" ? (
            <div
              {...scrollable}
              role="region"
              aria-label={`Report from ${name}`}
              className="scroll-y mt-1 max-h-96 rounded-2 border border-line-0 bg-bg-1 px-2.5 py-1.5"
            >
              <Markdown text={report} isStreaming={false} />
            </div>
          ) : null}
        </div>
      ) : null}
    </div>
  );
});

const Rows = ({ view, hasReport }: { view: SubagentView; hasReport: boolean }) => {
  const lastText = hasReport ? view.rows.findLastIndex((row) => row.kind === "text") : -1;
  return (
    <ol aria-label={`Steps of ${view.name}`} className="m-0 list-none p-0">
      {view.rows.map((row, index) =>
        row.kind === "call" ? (
          <CallRow key={row.key} call={row.call} />
        ) : // The last text is the report, shown below.
        index === lastText && index === view.rows.length - 1 ? null : (
          <li key={row.key} className="py-1 text-fg-2">
            <Markdown text={row.text.trim()} isStreaming={false} />
          </li>
        ),
      )}
      {view.drafts.map((draft) => (
        <li key={`d${draft.index}`}>
          <DraftRow draft={draft} />
        </li>
      ))}
    </ol>
  );
};

const CallRow = memo(({ call }: { call: SubagentCall }) => {
  const { icon: Icon, verb } = lookOf(call.name);
  const argument = argumentOf(call);
  const { command } = call;
  return (
    <li data-testid="subagent-call">
      <div className="flex min-h-6 min-w-0 items-center gap-1.75 narrow:min-h-8">
        <Icon size={13} className="flex-none text-fg-3" aria-hidden="true" />
        <span className="flex-none text-fg-1">{verb}</span>
        <span className={cx("min-w-0 truncate text-fg-2", argument.isMono && "font-mono text-2xs")}>{argument.text}</span>
        <span className="ml-auto inline-flex flex-none items-center gap-2 pl-2">
          {command && (call.success === undefined || command.isBackground) ? (
            <CommandState command={command} />
          ) : call.success === undefined ? (
            <>
              <span className="spin" aria-hidden="true" />
              <span className="sr-only">running</span>
            </>
          ) : call.success ? (
            <span className="sr-only">done</span>
          ) : (
            <span className="text-err" title={call.message}>
              failed
            </span>
          )}
        </span>
        {command && !command.ending ? <StopCommandButton command={command} /> : null}
      </div>
      {command && !command.ending && command.output !== "" ? (
        <div className="pb-1.5">
          <CommandOutput command={command} />
        </div>
      ) : null}
    </li>
  );
});

const writing = (draft: CallDraft): string => {
  const { verb, target, size } = draftFacts(draft);
  return `${verb} ${target}${size === "" ? "" : ` · ${size}`}`;
};
const doing = (call: SubagentCall): string => `${lookOf(call.name).verb} ${argumentOf(call).text}`.trim();
const clip = (text: string): string => (text.length <= 1_200 ? text : `${text.slice(0, 1_200)}…`);
