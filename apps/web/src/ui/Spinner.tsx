import { cx } from "../lib/cx.ts";

/** A spinner never stands without a word. `isQuiet` leaves announcing to the element it stands in. */
export function Spinner({
  word,
  isQuiet = false,
  isWordHidden = false,
  className,
}: {
  word: string;
  isQuiet?: boolean;
  isWordHidden?: boolean;
  className?: string;
}) {
  return (
    <span role={isQuiet ? undefined : "status"} className={cx("inline-flex items-center gap-2", className)}>
      <span className="spin" aria-hidden="true" />
      <span className={isWordHidden ? "sr-only" : undefined}>{word}</span>
    </span>
  );
}
