import { Plus } from "lucide-react";
import { Fragment, useState, type ReactNode } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { Button } from "../../ui/Button.tsx";
import { scrollable } from "../../ui/scrollable.ts";
import { piecesOf, type Token } from "./highlight.ts";
import { splitRowsOf, type HunkLine, type MarkedRange } from "./review.ts";

const firstLines = 400;
const noTokens: readonly Token[] = [];
const noMarks: readonly MarkedRange[] = [];
const grounds = { same: "", add: "bg-diff-add", del: "bg-diff-del", note: "" } as const;
const signs = { same: " ", add: "+", del: "−", note: " " } as const;
const words = { same: "", add: "added: ", del: "removed: ", note: "" } as const;

/** The lines of a hunk, with comments between them. `onPick` starts a comment on a line or, if `isTo`, extends its range; optional. */
export function HunkLines({
  lines,
  tokens,
  label,
  between,
  chosen,
  isSplit = false,
  onPick,
}: {
  lines: readonly HunkLine[];
  /** Syntax colors by line; `undefined` while they load or if there are none. */
  tokens: Tokens;
  label: string;
  /** Below the line of that index. */
  between?: (index: number) => ReactNode;
  chosen?: readonly [number, number] | undefined;
  /** Old lines at the left, new ones at the right. */
  isSplit?: boolean;
  onPick?: (index: number, isTo: boolean) => void;
}) {
  const [isWhole, setIsWhole] = useState(false);
  const shown = isWhole ? lines : lines.slice(0, firstLines);
  return (
    <>
      <div
        role="group"
        {...scrollable}
        aria-label={label}
        className="overflow-x-auto font-mono text-xs leading-5 focus-visible:-outline-offset-2"
      >
        {isSplit ? (
          <div className="grid grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
            {splitRowsOf(shown).map(({ old, now }, index) => {
              const below = old === undefined ? null : between?.(old);
              const belowNow = now === undefined || now === old ? null : between?.(now);
              return (
                <Fragment key={index}>
                  <SplitSide side="old" index={old} {...{ shown, tokens, chosen, onPick }} />
                  <SplitSide side="now" index={now} {...{ shown, tokens, chosen, onPick }} />
                  {below || belowNow ? (
                    <div className="col-span-2 whitespace-normal">
                      {below}
                      {belowNow}
                    </div>
                  ) : null}
                </Fragment>
              );
            })}
          </div>
        ) : (
          <div className="w-max min-w-full">
            {shown.map((line, index) => {
              const inside = between?.(index);
              return (
                <Fragment key={index}>
                  {line.kind === "note" ? (
                    <div className="pl-23 text-fg-2 italic narrow:pl-12">{line.text}</div>
                  ) : (
                    <div
                      className={cx(
                        "group/line relative flex pr-3 whitespace-pre text-fg-0",
                        grounds[line.kind],
                        isWithin(chosen, index) && chosenLine,
                      )}
                    >
                      <span className={cx(lineNumber, "narrow:hidden")}>{line.old}</span>
                      <span className={lineNumber}>{line.now}</span>
                      <Sign line={line} index={index} onPick={onPick} />
                      <Marked line={line} tokens={tokens?.[index] ?? noTokens} />
                    </div>
                  )}
                  {inside ? <div className="sticky left-0 max-w-[calc(100cqw)] whitespace-normal">{inside}</div> : null}
                </Fragment>
              );
            })}
          </div>
        )}
      </div>
      {lines.length > shown.length ? (
        <div className="border-t border-line-0 p-1">
          <Button size="sm" variant="ghost" onClick={() => setIsWhole(true)}>
            Show {counted(lines.length - shown.length, "more line")}
          </Button>
        </div>
      ) : null}
    </>
  );
}

type Tokens = readonly (readonly Token[])[] | undefined;
type Pick = ((index: number, isTo: boolean) => void) | undefined;
const isWithin = (range: readonly [number, number] | undefined, index: number) =>
  range !== undefined && index >= range[0] && index <= range[1];
const chosenLine = "shadow-[inset_3px_0_0_var(--fg-0)]";
const lineNumber = "num w-9 flex-none pr-2 text-right text-2xs leading-5 text-fg-2 select-none";

/** One side of a row; empty if the other side has no counterpart. */
function SplitSide({
  side,
  index,
  shown,
  tokens,
  chosen,
  onPick,
}: {
  side: "old" | "now";
  index: number | undefined;
  shown: readonly HunkLine[];
  tokens: Tokens;
  chosen: readonly [number, number] | undefined;
  onPick: Pick;
}) {
  const line = index === undefined ? undefined : shown[index];
  const edge = side === "now" && "border-l border-line-0";
  if (index === undefined || !line) return <div className={cx("bg-bg-2", edge)} aria-hidden="true" />;
  if (line.kind === "note") return <div className={cx("pl-14 text-fg-2 italic", edge)}>{side === "old" ? line.text : ""}</div>;
  return (
    <div
      className={cx(
        "group/line relative flex min-w-0 pr-2 [overflow-wrap:anywhere] whitespace-pre-wrap text-fg-0",
        grounds[line.kind],
        edge,
        isWithin(chosen, index) && chosenLine,
      )}
      // The same line is read once.
      aria-hidden={side === "old" && line.kind === "same" ? true : undefined}
    >
      <span className={lineNumber}>{line[side]}</span>
      <Sign line={line} index={index} onPick={side === "now" || line.kind === "del" ? onPick : undefined} />
      <Marked line={line} tokens={tokens?.[index] ?? noTokens} />
    </div>
  );
}

/** The sign of a line, with the button that comments on it, and the word for screen readers. */
function Sign({ line, index, onPick }: { line: HunkLine; index: number; onPick: Pick }) {
  return (
    <>
      <span className="relative w-5 flex-none text-center select-none">
        <span className={line.kind === "add" ? "text-diff-add-ink" : line.kind === "del" ? "text-diff-del-ink" : ""} aria-hidden="true">
          {signs[line.kind]}
        </span>
        {/* Keyboard users comment on the whole hunk with C. */}
        {onPick ? (
          <button
            type="button"
            tabIndex={-1}
            aria-label={line.kind === "del" ? `Comment on deleted line ${line.old ?? ""}` : `Comment on line ${line.now ?? ""}`}
            onClick={(event) => onPick(index, event.shiftKey)}
            className="absolute inset-0 hidden place-items-center rounded-1 bg-fg-0 text-bg-1 group-hover/line:grid"
          >
            <Plus size={12} />
          </button>
        ) : null}
      </span>
      {words[line.kind] ? <span className="sr-only">{words[line.kind]}</span> : null}
    </>
  );
}

function Marked({ line: { text, marks = noMarks, kind }, tokens }: { line: HunkLine; tokens: readonly Token[] }) {
  if (text === "") return <span> </span>;
  return (
    <span>
      {piecesOf(text, tokens, marks).map((piece, index) => {
        const ink = piece.color ? { style: { color: piece.color } } : {};
        return piece.isMarked ? (
          <mark key={index} {...ink} className={cx("text-inherit", kind === "add" ? "bg-diff-add-strong" : "bg-diff-del-strong")}>
            {piece.text}
          </mark>
        ) : (
          <span key={index} {...ink}>
            {piece.text}
          </span>
        );
      })}
    </span>
  );
}
