import { ArrowDown } from "lucide-react";
import { memo, useEffect, useLayoutEffect, useMemo, useRef, useState, type ReactNode } from "react";
import { useStickToBottom } from "use-stick-to-bottom";
import { isMotionReduced } from "../../theme/appearance.ts";
import { cx } from "../../lib/cx.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { Button } from "../../ui/Button.tsx";
import { Markdown } from "../../ui/markdown/Markdown.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { Thread, ThreadItem } from "../../ui/thread/index.ts";
import { ErrorRow, RetryRow } from "./FailureRows.tsx";
import { EvidenceCard } from "./evidence/EvidenceCard.tsx";
import { GoneRow } from "./GoneRow.tsx";
import { CompactionRow } from "./CompactionRow.tsx";
import { NoticeRow } from "./NoticeRow.tsx";
import { QuestionRow } from "./QuestionRow.tsx";
import { CommandRow } from "./tools/CommandRow.tsx";
import { DraftRow } from "./tools/DraftRow.tsx";
import { SubagentRow } from "./tools/SubagentRow.tsx";
import { ToolRow } from "./tools/ToolRow.tsx";
import type { TurnPosition, TranscriptRow } from "./transcript-rows.ts";
import { AnsweredRow, EndRow, PlainRow, SteeredRow, ThoughtRow, UserRow, WorkingRow, type Reader } from "./TranscriptRows.tsx";

/** Rows are grouped in blocks. Blocks outside the viewport skip layout and painting; small ones leave little of that for a growing reply, and are still far fewer than rows for the browser to observe. */
const blockRows = 10;
/** The last blocks are always laid out, because they grow. */
const openBlocks = 2;
/** Blocks are grouped again, so that the browser observes and layers a few groups in each frame instead of all blocks of a long chat. */
const groupBlocks = 10;
/** Long enough for the scroll event that follows a change of size. */
const settleMs = 50;

export interface TranscriptProps {
  rows: readonly TranscriptRow[];
  reader: Reader;
  onResume: (taskId: string) => void;
  /** Loads the entries before the first row; absent if there are none. */
  onEarlier?: (() => Promise<void>) | undefined;
  /** Above the first row: the introduction of an empty chat. */
  head?: ReactNode;
  /** Below the last row: plan and setup progress. */
  tail?: ReactNode;
  isBusy: boolean;
}

const beadLabels: Partial<Record<TranscriptRow["bead"], string>> = { failed: "failed", held: "waiting", live: "running" };

/** A row of a transcript: of the open chat, or of a recorded run. */
export const Row = memo(
  ({
    row,
    edge,
    reader,
    onResume,
  }: { row: TranscriptRow; edge: "start" | "end" | "both" | undefined } & Pick<TranscriptProps, "reader" | "onResume">) => {
    const inside = () => {
      switch (row.kind) {
        case "user":
          return <UserRow turn={row.turn} name={reader.name} mode={row.mode} position={row.position} />;
        case "text":
          return (
            <div className="pt-0.5 pb-2.5">
              <Markdown text={row.part.text} isStreaming={row.isStreaming} />
            </div>
          );
        case "thought":
          return <ThoughtRow part={row.part} isStreaming={row.isStreaming} />;
        case "tool":
          return row.part.name === "invoke_subagent" ? <SubagentRow part={row.part} /> : <ToolRow part={row.part} />;
        case "command":
          return <CommandRow command={row.part.command} />;
        case "draft":
          return <DraftRow draft={row.part.draft} />;
        case "answered":
          return <AnsweredRow part={row.part} reader={reader} />;
        case "steered":
          return <SteeredRow part={row.part} name={reader.name} />;
        case "question":
          return <QuestionRow part={row.part} />;
        case "error":
          return <ErrorRow part={row.part} run={row.run} isLast={row.isLast} />;
        case "retry":
          return <RetryRow part={row.part} run={row.run} />;
        case "notice":
          return <NoticeRow part={row.part} />;
        case "compaction":
          return <CompactionRow part={row.part} />;
        case "plain":
          return <PlainRow part={row.part} />;
        case "evidence":
          return <EvidenceCard run={row.run} isLast={row.isLast} />;
        case "working":
          return <WorkingRow run={row.run} />;
        case "end":
          return <EndRow run={row.run} onResume={row.isLast ? onResume : undefined} isLast={row.isLast} />;
        case "gone":
          return <GoneRow message={row.message} isFirst={row.isFirst} name={reader.name} />;
      }
    };
    const beadLabel = beadLabels[row.bead];
    return (
      <ThreadItem
        bead={row.bead}
        line={row.line}
        {...(row.kind === "evidence" && row.tone && { tone: row.tone })}
        {...(edge && { edge })}
        {...(beadLabel && (row.kind === "tool" || row.kind === "command") && { beadLabel })}
        className={cx(
          row.kind !== "user" &&
            row.kind !== "gone" &&
            row.kind !== "steered" &&
            row.kind !== "text" &&
            "[--bead-y:13px] narrow:[--bead-y:18px]",
        )}
      >
        {inside()}
      </ThreadItem>
    );
  },
  (before, after) => before.edge === after.edge && before.reader === after.reader && sameRow(before.row, after.row),
);

const sameRow = (a: TranscriptRow, b: TranscriptRow): boolean =>
  a === b || (a.key === b.key && a.kind === b.kind && a.bead === b.bead && a.line === b.line && sameContent(a, b));

const isSamePosition = (a: TurnPosition, b: TurnPosition) =>
  a.messageId === b.messageId && a.lastId === b.lastId && a.nextId === b.nextId && a.taskId === b.taskId && a.nextTaskId === b.nextTaskId;

function sameContent(a: TranscriptRow, b: TranscriptRow): boolean {
  if (a.kind === "user" && b.kind === "user") return a.turn === b.turn && a.mode === b.mode && isSamePosition(a.position, b.position);
  if (a.kind === "gone" && b.kind === "gone") return a.message === b.message && a.isFirst === b.isFirst;
  if ("part" in a && "part" in b)
    return (
      a.part === b.part &&
      ("isStreaming" in a && a.isStreaming) === ("isStreaming" in b && b.isStreaming) &&
      ("isLast" in a && a.isLast) === ("isLast" in b && b.isLast) &&
      ("isLive" in a && a.isLive) === ("isLive" in b && b.isLive)
    );
  if (a.kind === "evidence" && b.kind === "evidence")
    return a.run.evidence === b.run.evidence && a.run.messageId === b.run.messageId && a.isLast === b.isLast;
  if (a.kind === "end" && b.kind === "end") return a.run === b.run && a.isLast === b.isLast;
  return false;
}

interface RowBlock {
  number: number;
  rows: readonly TranscriptRow[];
  isFirst: boolean;
  isLast: boolean;
  isContained: boolean;
}

/** Rows in blocks, blocks in groups. They are counted from the row `origin`, so that rows stay in their block when earlier ones are added. */
function groupsOf(rows: readonly TranscriptRow[], origin: number): { number: number; blocks: RowBlock[]; isContained: boolean }[] {
  const first = -Math.ceil(origin / blockRows);
  const end = Math.max(1, Math.ceil((rows.length - origin) / blockRows));
  const groups: ReturnType<typeof groupsOf> = [];
  for (let number = first; number < end; number += 1) {
    const start = origin + number * blockRows;
    const isContained = number < end - openBlocks;
    const block: RowBlock = {
      number,
      rows: rows.slice(Math.max(0, start), start + blockRows),
      isFirst: number === first,
      isLast: number === end - 1,
      isContained,
    };
    const group = groups.at(-1);
    if (group?.number === Math.floor(number / groupBlocks)) {
      group.blocks.push(block);
      group.isContained &&= isContained;
    } else groups.push({ number: Math.floor(number / groupBlocks), blocks: [block], isContained });
  }
  return groups;
}

interface BlockProps extends Pick<TranscriptProps, "reader" | "onResume">, Omit<RowBlock, "number"> {
  /** Below the last row of the last block. */
  tail: ReactNode;
}

const Block = memo(
  ({ rows, isFirst, isLast, isContained, tail, reader, onResume }: BlockProps) => (
    <div className={isContained ? "[contain-intrinsic-size:auto_900px] [content-visibility:auto]" : undefined}>
      <Thread label={isLast ? "Messages and steps" : "Earlier messages and steps"}>
        {rows.map((row, index) => (
          <Row key={row.key} row={row} edge={isFirst && index === 0 ? "start" : undefined} reader={reader} onResume={onResume} />
        ))}
        {tail}
      </Thread>
    </div>
  ),
  (before, after) =>
    before.isFirst === after.isFirst &&
    before.isLast === after.isLast &&
    before.isContained === after.isContained &&
    before.tail === after.tail &&
    before.reader === after.reader &&
    before.rows.length === after.rows.length &&
    before.rows.every((row, index) => {
      const next = after.rows[index];
      return next !== undefined && sameRow(row, next);
    }),
);

/** Where the library scrolls to. */
const endOf = (box: HTMLElement): number => box.scrollHeight - 1 - box.clientHeight;

/** Text that is being selected must not move. */
function isSelectionIn(box: HTMLElement): boolean {
  const selection = getSelection();
  return selection !== null && !selection.isCollapsed && box.contains(selection.anchorNode);
}

/** The messages and steps of the chat. Follows the end unless the reader has scrolled up. */
export function Transcript({ rows, reader, onResume, onEarlier, head, tail, isBusy }: TranscriptProps) {
  const { scrollRef, contentRef, isAtBottom, scrollToBottom, state } = useStickToBottom({ initial: "instant", resize: "instant" });
  // Cards, queued messages and a growing draft take room from below: a reader at the end stays at the end.
  const follow = useHandler((): boolean => {
    if (isAtBottom) void scrollToBottom("instant");
    return isAtBottom;
  });
  useEffect(() => {
    const [box, content] = [scrollRef.current, contentRef.current];
    if (!box || !content) return undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let end = endOf(box);
    const observer = new ResizeObserver((entries) => {
      // At once: the library scrolls in the next frame, and each piece of a reply would be painted twice.
      const wasAtEnd = state.isAtBottom && box.scrollTop >= end - 1;
      end = endOf(box);
      if (wasAtEnd && !isSelectionIn(box)) box.scrollTop = end;
      if (!entries.some(({ target }) => target === box) || !follow()) return;
      // When the box grows, the browser moves the text down, which looks like scrolling up: scroll again after that event.
      clearTimeout(timer);
      timer = setTimeout(() => void scrollToBottom("instant"), settleMs);
    });
    observer.observe(content);
    observer.observe(box);
    return () => {
      clearTimeout(timer);
      observer.disconnect();
    };
  }, [scrollRef, contentRef, state, follow, scrollToBottom]);
  // Scroll to a message that the person sends.
  const sendingKey = rows.findLast((row) => row.kind === "user" && row.turn.delivery === "sending")?.key;
  useEffect(() => {
    if (sendingKey !== undefined) void scrollToBottom("instant");
  }, [sendingKey, scrollToBottom]);
  const [originKey, setOriginKey] = useState<string>();
  const found = rows.findIndex((row) => row.key === originKey);
  if (found < 0 && rows[0] && rows[0].key !== originKey) setOriginKey(rows[0].key);
  const origin = Math.max(0, found);
  const groups = useMemo(() => groupsOf(rows, origin), [rows, origin]);
  const { originRef, isLoading, showEarlier } = useEarlier(scrollRef, origin, onEarlier);
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <div
        ref={scrollRef}
        role="log"
        aria-label="Transcript"
        aria-live="off"
        aria-busy={isBusy}
        {...scrollable}
        // Isolated: a frame in which only the composer changes reuses how all of this was painted.
        className="scroll-y isolate min-h-0 flex-1 pr-3 outline-none focus-visible:-outline-offset-2 narrow:pr-3"
      >
        <div ref={contentRef} className="flex min-h-full flex-col justify-end pt-2">
          {onEarlier ? (
            <div className="flex justify-center pb-2">
              <Button size="sm" variant="ghost" isLoading={isLoading} loadingWord="Loading earlier messages…" onClick={showEarlier}>
                Show earlier messages
              </Button>
            </div>
          ) : null}
          {head}
          {groups.map((group) => (
            <div
              key={group.number}
              ref={group.number === 0 ? originRef : undefined}
              className={group.isContained ? "[contain-intrinsic-size:auto_9000px] [content-visibility:auto]" : undefined}
            >
              {group.blocks.map(({ number, ...block }) => (
                <Block key={number} {...block} tail={block.isLast ? tail : undefined} reader={reader} onResume={onResume} />
              ))}
            </div>
          ))}
        </div>
      </div>
      {isAtBottom ? null : (
        <Button
          size="sm"
          icon={<ArrowDown size={14} />}
          className="absolute! bottom-2 left-1/2 -translate-x-1/2 shadow-2"
          onClick={() => void scrollToBottom(isMotionReduced() ? "instant" : "smooth")}
        >
          Jump to latest
        </Button>
      )}
    </div>
  );
}

/** Loads earlier rows and keeps the shown ones where they are. `origin`: how many rows are before the group `originRef`. */
function useEarlier(scrollRef: { current: HTMLElement | null }, origin: number, onEarlier: TranscriptProps["onEarlier"]) {
  const originRef = useRef<HTMLDivElement>(null);
  /** When earlier rows were requested. */
  const before = useRef<{ top: number; origin: number }>(undefined);
  const [isLoading, setIsLoading] = useState(false);
  const showEarlier = useHandler(() => {
    if (isLoading || !onEarlier) return;
    before.current = { top: originRef.current?.offsetTop ?? 0, origin };
    setIsLoading(true);
    void onEarlier().finally(() => setIsLoading(false));
  });
  useLayoutEffect(() => {
    const box = scrollRef.current;
    const then = before.current;
    if (!box || !then) return;
    if (then.origin === origin) {
      if (!isLoading) before.current = undefined;
      return;
    }
    before.current = undefined;
    // Read first: the browser may move the text itself once it lays it out, and setting the position replaces that.
    const { scrollTop } = box;
    box.scrollTop = scrollTop + (originRef.current?.offsetTop ?? then.top) - then.top;
    // The button that had the focus is gone with the first page.
    if (document.activeElement === document.body) box.focus({ preventScroll: true });
  }, [scrollRef, origin, isLoading]);
  return { originRef, isLoading, showEarlier };
}
