import type { ReactNode } from "react";
import { cx } from "../../lib/cx.ts";
import { useRootFlag } from "../../lib/use-root-flag.ts";

/** Buttons that stay at the bottom of a long form. Toasts are shown above them. */
export function PageActions({ className, children }: { className?: string; children: ReactNode }) {
  useRootFlag("page-actions");
  return <div className={cx("sticky bottom-0 flex gap-2 border-t border-line-0 bg-bg-1 py-3", className)}>{children}</div>;
}
