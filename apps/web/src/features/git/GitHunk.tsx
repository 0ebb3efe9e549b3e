import type { DiffHunk, GitFileDiff } from "@tesslate/contract";
import type { ReactNode } from "react";
import { cx } from "../../lib/cx.ts";
import { HunkLines, spanOfHunk, useHunkLines } from "../review/index.ts";

/** A hunk: its header with actions, and its lines. */
export function GitHunk({ path, hunk, actions }: { path: string; hunk: DiffHunk; actions?: ReactNode }) {
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
          actions !== undefined && actions !== null && "narrow:min-h-12",
        )}
      >
        <span className="num flex-none font-mono text-fg-0">{span}</span>
        <span className="min-w-0 flex-1 truncate text-fg-2" title={hunk.section}>
          {hunk.section}
        </span>
        {actions}
      </header>
      <HunkLines lines={lines} tokens={tokens} label={`Lines ${span}`} />
    </article>
  );
}

/** Why no lines of a file are shown. */
export function noLinesReason(file: GitFileDiff): string {
  if (file.is_binary) return "Binary file not shown.";
  if (file.is_too_large) return "Too large to show.";
  if (file.status === "R") return "Renamed without changes.";
  if (file.status === "A" || file.status === "??") return "Empty file.";
  if (file.status === "D") return "Empty file deleted.";
  if (file.status === "U") return "This file has conflicts.";
  return "Only the file mode changed.";
}
