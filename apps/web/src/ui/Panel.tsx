import type { ComponentProps, ReactNode } from "react";
import { cx } from "../lib/cx.ts";

/** A bordered box on the sheet. */
export const Card = ({ className, ...rest }: ComponentProps<"div">) => (
  <div className={cx("on-sheet rounded-3 border border-line-0 bg-bg-1", className)} {...rest} />
);

/** A 40 px bar of controls at the head of a panel. */
export const Bar = ({ children, className, label }: { children: ReactNode; className?: string; label?: string }) => (
  <div
    role={label ? "toolbar" : undefined}
    aria-label={label}
    className={cx("flex h-10 min-w-0 flex-none items-center gap-1 px-2 narrow:h-12", className)}
  >
    {children}
  </div>
);
