import { useState } from "react";
import { counted } from "../lib/counted.ts";
import { cx } from "../lib/cx.ts";
import type { DiffLine } from "../lib/diff-lines.ts";
import { Button } from "./Button.tsx";
import { scrollable } from "./scrollable.ts";

const firstLines = 60;
const signs = { same: " ", add: "+", del: "−", gap: " " } as const;
const grounds = { same: "", add: "bg-diff-add", del: "bg-diff-del", gap: "" } as const;

/** A unified diff. */
export function DiffBlock({ lines, path, maxHeight = "max-h-80" }: { lines: readonly DiffLine[]; path: string; maxHeight?: string }) {
  const [isWhole, setIsWhole] = useState(false);
  const shown = isWhole ? lines : lines.slice(0, firstLines);
  const hasNumbers = lines.some((line) => line.line !== undefined);
  return (
    <div className="overflow-hidden rounded-2 border border-line-0 bg-bg-1">
      <div
        role="group"
        {...scrollable}
        aria-label={`Changes in ${path}`}
        className={cx("scroll-y overflow-x-auto py-1 font-mono text-xs leading-5 text-fg-0", maxHeight)}
      >
        <div className="w-max min-w-full">
          {shown.map((line, index) =>
            line.kind === "gap" ? (
              <div key={index} className="px-2.5 text-fg-3">
                ⋯
              </div>
            ) : (
              <div key={index} className={cx("flex pr-3 whitespace-pre", grounds[line.kind])}>
                {hasNumbers ? (
                  <span className="num w-9 flex-none pr-2 text-right text-2xs leading-5 text-fg-3 select-none">{line.line}</span>
                ) : (
                  <span className="w-2 flex-none" />
                )}
                <span
                  className={cx(
                    "w-4 flex-none select-none",
                    line.kind === "add" ? "text-diff-add-ink" : line.kind === "del" ? "text-diff-del-ink" : "",
                  )}
                >
                  {signs[line.kind]}
                </span>
                <span>{line.text}</span>
              </div>
            ),
          )}
        </div>
      </div>
      {lines.length > shown.length ? (
        <div className="border-t border-line-0 p-1">
          <Button size="sm" variant="ghost" onClick={() => setIsWhole(true)}>
            Show {counted(lines.length - shown.length, "more line")}
          </Button>
        </div>
      ) : null}
    </div>
  );
}
