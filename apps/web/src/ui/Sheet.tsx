import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "../lib/cx.ts";
import { scrim } from "./Dialog.tsx";
import { IconButton } from "./IconButton.tsx";
import { scrollable } from "./scrollable.ts";
import { ignoreToastInteraction } from "./toast.tsx";
import { useFocusReturn } from "./use-focus-return.ts";

export interface SheetProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  title: string;
  /** `right` becomes `bottom` on phones. */
  side?: "right" | "bottom";
  children: ReactNode;
  footer?: ReactNode;
  /** Between the title and the way out. */
  end?: ReactNode;
  /** For work of its own, such as a log; `isFlush` leaves space and scrolling to what stands inside. */
  isWide?: boolean;
  isFlush?: boolean;
  /** Holds nothing focusable: the box itself is reached, and scrolled by keys. */
  isText?: boolean;
}

/** A modal panel at the edge. */
export function Sheet({
  isOpen,
  onOpenChange,
  title,
  side = "right",
  children,
  footer,
  end,
  isWide = false,
  isFlush = false,
  isText = false,
}: SheetProps) {
  const focusReturn = useFocusReturn();
  return (
    <Radix.Root open={isOpen} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={scrim} />
        <Radix.Content
          {...focusReturn}
          onInteractOutside={ignoreToastInteraction}
          aria-describedby={undefined}
          className={cx(
            "on-sheet fixed z-50 flex flex-col border-line-0 bg-bg-1 text-sm shadow-3 outline-none",
            side === "right"
              ? "anim-sheet-right inset-y-2 right-2 max-w-floating rounded-4 border narrow:inset-x-0 narrow:top-auto narrow:bottom-0 narrow:w-auto narrow:max-w-none narrow:rounded-b-none"
              : "anim-sheet-bottom inset-x-0 bottom-0 max-h-[85dvh] rounded-t-4 border-t pb-[env(safe-area-inset-bottom)]",
            side === "right" && (isWide ? "w-158" : "w-105"),
            // What comes in while it is open must not make a phone's sheet jump.
            side === "right" && (isFlush ? "narrow:h-[92dvh]" : "narrow:max-h-[85dvh]"),
          )}
        >
          <div className={cx("flex items-center gap-2 pt-3 pr-4 pb-2", isFlush ? "pl-5 narrow:pl-4" : "pl-4")}>
            <Radix.Title className="min-w-0 flex-1 truncate text-md">{title}</Radix.Title>
            {end}
            <Radix.Close asChild>
              <IconButton label="Close" tooltipSide="none" size="sm">
                <X size={14} />
              </IconButton>
            </Radix.Close>
          </div>
          {isFlush ? (
            children
          ) : (
            <div
              {...(isText && { ...scrollable, role: "group", "aria-label": title })}
              className="scroll-y min-h-0 flex-1 px-4 pb-4 focus-visible:-outline-offset-2"
            >
              {children}
            </div>
          )}
          {footer ? <div className="flex gap-2 border-t border-line-0 px-4 py-3">{footer}</div> : null}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
