import { ShieldQuestionMark, TriangleAlert } from "lucide-react";
import type { ApprovalResponse } from "@tesslate/contract";
import { useEffect, useId, useRef, useState } from "react";
import { cx } from "../../lib/cx.ts";
import { addedLines, diffLines, type DiffLine } from "../../lib/diff-lines.ts";
import { formatDuration } from "../../lib/durations.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { Button } from "../../ui/Button.tsx";
import { DiffBlock } from "../../ui/DiffBlock.tsx";
import { Input } from "../../ui/Input.tsx";
import { Kbd } from "../../ui/Kbd.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import type { ApprovalPart } from "./chat.types.ts";
import { questionOf, riskOf } from "./risk.ts";
import { pathOf } from "./run-events.ts";
import { currentToolName } from "./tools/tool-names.ts";
import type { WaitingCard } from "./use-waiting-card.ts";

interface Payload {
  command?: { text: string; cwd: string; timeout: string | undefined };
  lines?: DiffLine[];
  path?: string;
  /** The parameters as JSON, for tools without a view of their own. */
  json?: string;
}
const string = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const replaced = (search: string, replace: string): DiffLine[] =>
  diffLines([...search.split("\n").map((line) => `-${line}`), ...replace.split("\n").map((line) => `+${line}`)].join("\n"));

/** The edits of a call. The former `patch_file` has a single one, without the list. */
function editsOf(parameters: Record<string, unknown>): { search?: string; replace?: string }[] {
  if (Array.isArray(parameters["edits"])) return parameters["edits"] as { search?: string; replace?: string }[];
  const [search, replace] = [string(parameters["search"]), string(parameters["replace"])];
  return search === undefined ? [] : [{ search, ...(replace !== undefined && { replace }) }];
}

/** What the call would do: a command, a diff, or the parameters as JSON. */
export function payloadOf(toolName: string, parameters: Record<string, unknown>): Payload {
  const command = string(parameters["command"]);
  const path = pathOf(parameters);
  if (command !== undefined) {
    const cwd = string(parameters["cwd"]) ?? string(parameters["working_dir"]);
    const timeout = parameters["timeout"];
    return {
      command: {
        text: command,
        cwd: cwd ?? "the project's folder",
        timeout: typeof timeout === "number" ? `stops after ${formatDuration(timeout * 1000)}` : undefined,
      },
    };
  }
  if (toolName === "write_file" && string(parameters["content"]) !== undefined)
    return { lines: addedLines(string(parameters["content"]) ?? ""), path: path ?? "" };
  const edits = currentToolName(toolName) === "edit_file" ? editsOf(parameters) : [];
  if (edits.length > 0) {
    const lines = edits.flatMap((edit, index): DiffLine[] => [
      ...(index > 0 ? [{ kind: "gap" as const, line: undefined, text: "" }] : []),
      ...replaced(edit.search ?? "", edit.replace ?? ""),
    ]);
    return { lines, path: path ?? "" };
  }
  const patch = string(parameters["patch"]);
  if (patch !== undefined) return { lines: diffLines(patch.replace(/^\*\*\* (?:Begin|End) Patch\n?/gm, "")), path: "the patch" };
  return { json: JSON.stringify(parameters, undefined, 2) };
}

export interface ApprovalCardProps {
  approval: ApprovalPart;
  /** Position among several open approvals, like “1 of 3”. */
  place?: string;
  /** Resolves with an error sentence if the server refused the answer. */
  onAnswer: (response: ApprovalResponse, note: string | null) => Promise<string | undefined>;
  onShown?: WaitingCard["onShown"];
  className?: string;
}

/** An approval request. Y, A and N answer it while the focus is inside, or while nothing has the focus. */
export function ApprovalCard({ approval, place, onAnswer, onShown, className }: ApprovalCardProps) {
  const { toolName, parameters } = approval;
  const risk = riskOf(toolName, parameters);
  const payload = payloadOf(toolName, parameters);
  // The server puts the sub-agent's name into the stored description.
  const helper = /^For the sub-agent ([\w-]+): /.exec(approval.description)?.[1];
  const [isNoting, setIsNoting] = useState(false);
  const [note, setNote] = useState("");
  const [failure, setFailure] = useState<string>();
  const card = useRef<HTMLDivElement>(null);
  const noteBox = useRef<HTMLInputElement>(null);
  const titleId = useId();
  const show = useHandler(() => {
    if (card.current) onShown?.(card.current);
  });
  useEffect(show, [show]);
  useEffect(() => {
    if (isNoting) noteBox.current?.focus();
  }, [isNoting]);
  const answer = async (response: ApprovalResponse) => {
    setFailure(undefined);
    const refusal = await onAnswer(response, response === "deny" && note.trim() ? note.trim() : null);
    if (refusal) setFailure(refusal);
  };
  useShortcuts(
    {
      "approval.once": () => void answer("allow_once"),
      "approval.thread": () => void answer("allow_all"),
      "approval.deny": () => void answer("deny"),
    },
    card,
    { isForUnfocused: true },
  );
  return (
    <div
      ref={card}
      role="group"
      aria-labelledby={titleId}
      tabIndex={-1}
      data-testid="approval-card"
      className={cx(
        "on-sheet overflow-x-hidden overflow-y-auto rounded-3 border border-l-3 border-line-0 bg-bg-1 shadow-1 outline-none focus:ring focus:ring-fg-1",
        risk.tone === "err" ? "border-l-err!" : "border-l-warn!",
        // A low or enlarged window keeps room for the composer.
        "[@media(max-height:560px)]:max-h-[44dvh]",
        "narrow:rounded-b-none narrow:border-l",
        className,
      )}
    >
      <div className="flex items-center gap-2 px-3 pt-2.25 text-sm narrow:text-lg">
        <b id={titleId} className="font-semibold">
          {questionOf(toolName, parameters)}
        </b>
        {place ? <span className="text-xs text-fg-2">{place}</span> : null}
        <span className="flex-1" />
        <Pill tone={risk.tone} icon={risk.tone === "err" ? <TriangleAlert /> : <ShieldQuestionMark />}>
          {risk.label}
        </Pill>
      </div>
      <div className="px-3 pt-2">
        {helper ? <p className="pb-1.5 text-xs text-fg-2">Requested by sub-agent {helper}</p> : null}
        {payload.command ? (
          <div className="rounded-2 border border-line-0 bg-bg-2">
            <pre
              {...scrollable}
              aria-label="Command"
              className="scroll-y max-h-40 px-2.5 pt-2 pb-1.5 text-xs leading-note break-words whitespace-pre-wrap text-fg-0 narrow:text-sm"
            >
              {payload.command.text}
            </pre>
            <div className="flex flex-wrap gap-x-3 px-2.5 pb-1.75 font-mono text-2xs text-fg-2">
              <span>in {payload.command.cwd}</span>
              {payload.command.timeout ? <span>{payload.command.timeout}</span> : null}
            </div>
          </div>
        ) : null}
        {payload.lines ? (
          <>
            {payload.path ? <div className="truncate pb-1 font-mono text-2xs text-fg-2">{payload.path}</div> : null}
            <DiffBlock lines={payload.lines} path={payload.path ?? ""} maxHeight="max-h-48" />
          </>
        ) : null}
        {payload.json ? (
          <>
            <p className="pb-1.5 text-xs text-fg-1">{approval.description}</p>
            <pre
              {...scrollable}
              aria-label="Parameters"
              className="scroll-y max-h-40 rounded-2 border border-line-0 bg-bg-2 px-2.5 py-2 text-xs leading-note break-words whitespace-pre-wrap text-fg-0"
            >
              {payload.json}
            </pre>
          </>
        ) : null}
      </div>
      {isNoting ? (
        <form
          className="flex items-center gap-1.5 px-3 pt-2"
          onSubmit={(event) => {
            event.preventDefault();
            void answer("deny");
          }}
        >
          <Input
            ref={noteBox}
            aria-label="What should the agent do instead? (optional)"
            placeholder="What should the agent do instead? (optional)"
            value={note}
            maxLength={2000}
            onChange={(event) => setNote(event.target.value)}
            onKeyDown={(event) => {
              if (event.key !== "Escape") return;
              event.stopPropagation();
              setIsNoting(false);
              card.current?.focus();
            }}
          />
        </form>
      ) : null}
      {failure ? (
        <p role="alert" className="px-3 pt-2 text-xs text-err">
          {failure}
        </p>
      ) : null}
      <div className="flex flex-wrap items-center gap-1.5 px-3 pt-2.25 pb-2.5 narrow:[&>button]:h-11 narrow:[&>button]:flex-1 narrow:[&>button]:text-md">
        <Button size="sm" aria-keyshortcuts="Y" keys={<Kbd>Y</Kbd>} onClick={() => void answer("allow_once")}>
          Allow once
        </Button>
        <Button size="sm" variant="ghost" aria-keyshortcuts="A" keys={<Kbd>A</Kbd>} onClick={() => void answer("allow_all")}>
          Allow for this chat
        </Button>
        <Button
          size="sm"
          variant="ghost"
          className="text-err! narrow:-order-1"
          aria-keyshortcuts="N"
          keys={<Kbd>N</Kbd>}
          onClick={() => void answer("deny")}
        >
          {note.trim() ? "Deny with note" : "Deny"}
        </Button>
      </div>
      <div className="-mt-1.5 flex gap-4 px-3 pb-2.5 text-xs narrow:pb-3">
        {isNoting ? null : (
          <button type="button" className="link narrow:min-h-8" onClick={() => setIsNoting(true)}>
            Add note
          </button>
        )}
        <button type="button" className="link narrow:min-h-8" onClick={() => void answer("stop")}>
          Stop run
        </button>
      </div>
    </div>
  );
}
