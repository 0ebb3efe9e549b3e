import { cx } from "../lib/cx.ts";

/** Steps of a plan as short bars: done, now, to come. */
export function StepProgress({
  done,
  total,
  isRunning = false,
  label,
}: {
  done: number;
  total: number;
  isRunning?: boolean;
  label?: string;
}) {
  return (
    <span
      role="progressbar"
      aria-label={label ?? `${done} of ${total} done`}
      aria-valuemin={0}
      aria-valuemax={total}
      aria-valuenow={done}
      className="inline-flex gap-0.5"
    >
      {Array.from({ length: total }, (_, index) => (
        <span
          key={index}
          className={cx("h-1 w-3.5 rounded-[1px]", index < done ? "bg-fg-1" : isRunning && index === done ? "bg-brand-line" : "bg-line-0")}
        />
      ))}
    </span>
  );
}

/** A share of 0..1; undefined means "under way, share unknown". */
export function Progress({ share, label, className }: { share: number | undefined; label: string; className?: string }) {
  const percent = share === undefined ? undefined : Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <span
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      className={cx("block h-1 overflow-hidden rounded-full bg-bg-3", className)}
    >
      <span
        className={cx(
          "block h-full bg-brand-line transition-[width] duration-(--dur-3)",
          percent === undefined && "skeleton w-1/3 bg-brand-line!",
        )}
        style={percent === undefined ? undefined : { width: `${percent}%` }}
      />
    </span>
  );
}
