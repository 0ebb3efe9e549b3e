import type { ReviewFile } from "@tesslate/contract";
import { cx } from "../../lib/cx.ts";

const letters: Record<ReviewFile["status"], { letter: string; word: string; ink: string }> = {
  added: { letter: "A", word: "added", ink: "text-diff-add-ink" },
  modified: { letter: "M", word: "changed", ink: "text-warn" },
  deleted: { letter: "D", word: "deleted", ink: "text-diff-del-ink" },
  renamed: { letter: "R", word: "moved", ink: "text-fg-2" },
};

/** What became of a file, as a letter. */
export function FileLetter({ status }: { status: ReviewFile["status"] }) {
  const { letter, word, ink } = letters[status];
  return (
    <span className={cx("w-3 flex-none text-center font-mono text-xs", ink)} title={word}>
      <span aria-hidden="true">{letter}</span>
      <span className="sr-only">{word}</span>
    </span>
  );
}
