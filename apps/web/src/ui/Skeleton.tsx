import { cx } from "../lib/cx.ts";

/** A grey shape where content will be; the box it stands in says what loads (`aria-busy`). */
export const Skeleton = ({ className }: { className?: string }) => (
  <span aria-hidden="true" className={cx("skeleton block rounded-2", className)} />
);

/** `count` rows of a list. */
export function SkeletonRows({ count, label, className }: { count: number; label: string; className?: string }) {
  return (
    <div role="status" aria-busy="true" aria-label={label} className={cx("grid gap-2", className)}>
      {Array.from({ length: count }, (_, index) => (
        <Skeleton key={index} className={cx("h-4.5", ["w-4/5", "w-3/5", "w-full", "w-2/3"][index % 4])} />
      ))}
    </div>
  );
}
