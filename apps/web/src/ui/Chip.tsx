import { X } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "../lib/cx.ts";

/** A small named thing in text or a bar: a file, a branch, an attachment. */
export function Chip({
  isMono = false,
  onRemove,
  removeLabel,
  children,
  className,
}: {
  isMono?: boolean;
  onRemove?: () => void;
  removeLabel?: string;
  children: ReactNode;
  className?: string;
}) {
  return (
    <span
      className={cx(
        "inline-flex h-5.5 items-center gap-1.25 rounded-1 bg-bg-3 px-1.75 whitespace-nowrap text-fg-1 [&_svg]:size-3",
        isMono ? "font-mono text-2xs" : "text-xs",
        className,
      )}
    >
      {children}
      {onRemove ? (
        <button
          type="button"
          aria-label={removeLabel ?? "Remove"}
          onClick={onRemove}
          className="-mr-1.75 grid size-6 place-items-center rounded-1 hover:text-fg-0"
        >
          <X />
        </button>
      ) : null}
    </span>
  );
}
