import type { DiffHunk, GitFileDiff } from "@tesslate/contract";
import type { ReactNode } from "react";
import { cx } from "../../lib/cx.ts";
import { HunkLines, spanOfHunk, useHunkLines } from "../review/index.ts";

/** One change of a file: its head with what can be done about it, and its lines. */
export function GitHunk({ path, hunk, acts }: { path: string; hunk: DiffHunk; acts?: ReactNode }) {
  const { lines, tokens } = useHunkLines(path, hunk);
  const span = spanOfHunk(hunk);
  return (
    <article
      data-testid="hunk"
      aria-label={`Change at ${span}`}
      className="@container min-w-0 overflow-hidden rounded-3 border border-line-0 bg-bg-1"
    >
      <header
        className={cx(
          "flex min-h-8 items-center gap-2 bg-bg-2 py-0.5 pr-1 pl-2.5 text-xs",
          acts !== undefined && acts !== null && "narrow:min-h-12",
        )}
      >
        <span className="num flex-none font-mono text-fg-0">{span}</span>
        <span className="min-w-0 flex-1 truncate text-fg-2" title={hunk.section}>
          {hunk.section}
        </span>
        {acts}
      </header>
      <HunkLines lines={lines} tokens={tokens} label={`Lines of the change at ${span}`} />
    </article>
  );
}

/** Why a file has no lines to show. */
export function noLinesReason(file: GitFileDiff): string {
  if (file.is_binary) return "Not text: its lines cannot be shown.";
  if (file.is_too_large) return "Too large to show here.";
  if (file.status === "R") return "Moved; its content is the same.";
  if (file.status === "A" || file.status === "??") return "An empty file.";
  if (file.status === "D") return "An empty file was deleted.";
  if (file.status === "U") return "In conflict.";
  return "Its content is the same; whether it can be run was changed.";
}
