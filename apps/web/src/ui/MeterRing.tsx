import { cx } from "../lib/cx.ts";
import { formatPercent } from "../lib/numbers.ts";

/** How full something is, as a small ring with its percentage: the context window, credits. */
export function MeterRing({
  percent,
  label,
  isTextHidden = false,
  className,
}: {
  percent: number;
  label: string;
  isTextHidden?: boolean;
  className?: string;
}) {
  const value = Math.round(Math.min(100, Math.max(0, percent)));
  const circumference = 2 * Math.PI * 5.5;
  return (
    <span
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value}
      className={cx("num inline-flex items-center gap-1.5 text-2xs text-fg-2", className)}
    >
      <svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true" className="-rotate-90">
        <circle cx="7" cy="7" r="5.5" fill="none" strokeWidth="2.5" className="stroke-line-0" />
        <circle
          cx="7"
          cy="7"
          r="5.5"
          fill="none"
          strokeWidth="2.5"
          className={value >= 90 ? "stroke-err" : "stroke-fg-1"}
          strokeDasharray={`${(value / 100) * circumference} ${circumference}`}
        />
      </svg>
      {isTextHidden ? null : <span className="tight:hidden">{formatPercent(value / 100)}</span>}
    </span>
  );
}
