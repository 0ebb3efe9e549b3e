import { cx } from "../lib/cx.ts";

/** The status of a file; the last two are Git's. */
export type ChangeKind = "added" | "modified" | "deleted" | "renamed" | "untracked" | "conflict";
const letters: Record<ChangeKind, { letter: string; word: string; ink: string }> = {
  added: { letter: "A", word: "added", ink: "text-diff-add-ink" },
  modified: { letter: "M", word: "modified", ink: "text-warn" },
  deleted: { letter: "D", word: "deleted", ink: "text-diff-del-ink" },
  renamed: { letter: "R", word: "renamed", ink: "text-fg-2" },
  untracked: { letter: "U", word: "untracked", ink: "text-diff-add-ink" },
  conflict: { letter: "!", word: "conflict", ink: "text-err" },
};

/** The status of a file as a letter. */
export function FileLetter({ status }: { status: ChangeKind }) {
  const { letter, word, ink } = letters[status];
  return (
    <span className={cx("w-3 flex-none text-center font-mono text-xs", ink)} title={word}>
      <span aria-hidden="true">{letter}</span>
      <span className="sr-only">{word}</span>
    </span>
  );
}
