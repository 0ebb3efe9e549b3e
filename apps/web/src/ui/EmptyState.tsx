import type { ReactNode } from "react";
import { cx } from "../lib/cx.ts";

/** Nothing here yet: what this place is for, and the one action that fills it. */
export function EmptyState({
  title,
  children,
  action,
  className,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  className?: string;
}) {
  return (
    <div className={cx("flex flex-col items-start gap-3 p-6", className)}>
      <div>
        <h2 className="text-md">{title}</h2>
        {children ? <div className="mt-1 max-w-[52ch] text-sm leading-read text-fg-2">{children}</div> : null}
      </div>
      {action}
    </div>
  );
}
