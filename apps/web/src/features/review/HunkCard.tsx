import { Check, ChevronDown, Undo2, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Hunk } from "@tesslate/contract";
import { cx } from "../../lib/cx.ts";
import { ariaKeys } from "../../lib/use-shortcuts.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Kbd } from "../../ui/Kbd.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { CommentBox, CommentNote } from "./CommentBox.tsx";
import { HunkLines } from "./HunkLines.tsx";
import { lineReference, spanOfHunk, type Item } from "./review.ts";
import { useHunkLines } from "./use-hunk-lines.ts";
import type { Review } from "./use-review.ts";

/** A hunk with its lines, Keep and Reject. Collapses when it is decided. */
export function HunkCard({
  hunk,
  item,
  review,
  isReadOnly,
  isSplit,
  asked,
}: {
  hunk: Hunk;
  item: Item;
  review: Review;
  isReadOnly: boolean;
  isSplit: boolean;
  /** Increases when a comment on the whole current hunk is requested. */
  asked: number;
}) {
  const { lines, tokens } = useHunkLines(item.path, hunk);
  const [isOpen, setIsOpen] = useState(false);
  const [range, setRange] = useState<readonly [number, number]>();
  const card = useRef<HTMLElement>(null);
  const isCurrent = review.current?.key === item.key;
  const isKept = review.kept.has(item.key);
  const isDecided = item.isRejected || isKept;
  const isMisfit = review.misfits.has(item.key);
  const span = spanOfHunk(hunk);
  const first = lines.findIndex((line) => line.kind === "add" || line.kind === "del");
  const last = lines.findLastIndex((line) => line.kind === "add" || line.kind === "del");

  useEffect(() => {
    if (!isCurrent) return;
    card.current?.scrollIntoView({ block: "nearest" });
    // If another hunk has the focus, move it to this one.
    const focused = document.activeElement;
    if (focused?.matches("[data-testid='hunk']") && focused !== card.current) card.current?.focus({ preventScroll: true });
  }, [isCurrent]);
  const [answered, setAnswered] = useState(asked);
  if (isCurrent && asked !== answered) {
    setAnswered(asked);
    setRange([first, last]);
    setIsOpen(true);
  } else if (!isCurrent && asked !== answered) setAnswered(asked);

  const own = review.comments.filter((comment) => comment.itemKey === item.key);
  const place = range ? lineReference(lines, range[0], range[1]) : undefined;
  const isShown = !isDecided || isOpen;
  return (
    <article
      ref={card}
      data-testid="hunk"
      data-state={item.isRejected ? "rejected" : isKept ? "kept" : "open"}
      aria-label={`Change at ${span}`}
      aria-current={isCurrent || undefined}
      tabIndex={-1}
      data-item={item.key}
      className={cx("@container overflow-hidden rounded-3 border border-line-0 bg-bg-1", isCurrent && "border-fg-0 outline outline-fg-0")}
    >
      <header className="flex min-h-8 flex-wrap items-center gap-2 bg-bg-2 py-0.5 pr-1 pl-2.5 text-xs narrow:min-h-12">
        {item.isRejected ? <X size={14} className="flex-none text-err" aria-hidden="true" /> : null}
        {isKept && !item.isRejected ? <Check size={14} className="flex-none text-ok" aria-hidden="true" /> : null}
        <span className={cx("num flex-none font-mono text-fg-0", item.isRejected && "line-through")}>{span}</span>
        <span className="min-w-0 flex-1 truncate text-fg-2" title={hunk.section}>
          {hunk.section}
        </span>
        {isMisfit ? <Pill tone="warn">Edited since, not rejected</Pill> : null}
        {isDecided ? (
          <>
            {item.isRejected ? <span className="text-2xs text-fg-2 narrow:hidden">Original lines restored</span> : null}
            <Pill tone={item.isRejected ? "err" : "ok"}>{item.isRejected ? "Rejected" : "Kept"}</Pill>
            {isReadOnly ? null : (
              <Button size="sm" variant="ghost" icon={<Undo2 size={14} />} onClick={() => review.reopen(item)}>
                Undo
              </Button>
            )}
            <IconButton size="sm" label={isOpen ? "Hide lines" : "Show lines"} aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
              <ChevronDown size={14} className={cx("transition-transform", isOpen && "rotate-180")} />
            </IconButton>
          </>
        ) : isReadOnly ? null : (
          <>
            <Button
              size="sm"
              variant="ghost"
              className="text-err!"
              aria-keyshortcuts={ariaKeys("review.reject")}
              keys={isCurrent ? <Kbd>R</Kbd> : null}
              onClick={() => review.reject([item])}
            >
              Reject
            </Button>
            <Button
              size="sm"
              aria-keyshortcuts={ariaKeys("review.keep")}
              keys={isCurrent ? <Kbd>A</Kbd> : null}
              onClick={() => review.keep([item])}
            >
              Keep
            </Button>
          </>
        )}
      </header>
      {isShown ? (
        <HunkLines
          lines={lines}
          tokens={tokens}
          label={`Lines ${span}`}
          chosen={range}
          isSplit={isSplit}
          onPick={(index, isTo) => setRange((now) => (isTo && now ? [Math.min(now[0], index), Math.max(now[1], index)] : [index, index]))}
          between={(index) => {
            const notes = own.filter((comment) => comment.line === index);
            const isHere = range !== undefined && range[1] === index;
            if (notes.length === 0 && !isHere) return null;
            return (
              <>
                {notes.map((comment) => (
                  <CommentNote key={comment.id} comment={comment} onRemove={() => review.removeComments([comment.id])} />
                ))}
                {isHere && place ? (
                  <CommentBox
                    key={`${range[0]}-${range[1]}`}
                    place={place.place}
                    onCancel={() => setRange(undefined)}
                    onSave={(text) => {
                      review.comment({ id: crypto.randomUUID(), path: item.path, itemKey: item.key, line: index, text, ...place });
                      setRange(undefined);
                    }}
                  />
                ) : null}
              </>
            );
          }}
        />
      ) : null}
    </article>
  );
}
