import { Popover as Radix } from "radix-ui";
import { useRef, type ReactNode } from "react";
import { cx } from "../lib/cx.ts";
import { floating } from "./Menu.tsx";

/**
 * At most as high as the space on its side, but not so low that it stays on a side where there is next to none. `max-h-` with a number in a
 * `className` comes later in the style sheet and replaces it.
 */
const fitting = "[--popover-height:max(8rem,var(--radix-popover-content-available-height))] max-h-(--popover-height) scroll-y!";

/** Free content beside a trigger; focus moves in and comes back. It scrolls where it would leave the window. */
export function Popover({
  trigger,
  label,
  align = "start",
  side = "bottom",
  isOpen,
  onOpenChange,
  onCloseAutoFocus,
  onEscapeKeyDown,
  children,
  className,
}: {
  trigger: ReactNode;
  label: string;
  align?: "start" | "center" | "end";
  side?: "top" | "bottom" | "left" | "right";
  isOpen?: boolean;
  onOpenChange?: (isOpen: boolean) => void;
  /** Prevent its default where the focus has gone elsewhere on purpose. */
  onCloseAutoFocus?: (event: Event) => void;
  /** Prevent its default where Esc is for something inside: the popover gets it first. */
  onEscapeKeyDown?: (event: KeyboardEvent) => void;
  children: ReactNode;
  className?: string;
}) {
  return (
    <Radix.Root {...(isOpen === undefined ? {} : { open: isOpen })} {...(onOpenChange && { onOpenChange })}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          aria-label={label}
          align={align}
          side={side}
          sideOffset={4}
          collisionPadding={8}
          {...(onCloseAutoFocus && { onCloseAutoFocus })}
          {...(onEscapeKeyDown && { onEscapeKeyDown })}
          className={cx(floating, fitting, "max-w-96 p-3", className)}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Options beside a text field, which keeps the focus and refers to the highlighted one by `aria-activedescendant`. */
export function FieldOptions({
  field,
  id,
  label,
  isOpen,
  onClose,
  children,
}: {
  field: ReactNode;
  id: string;
  label: string;
  isOpen: boolean;
  /** Esc was pressed, or something else was clicked. */
  onClose: () => void;
  children: ReactNode;
}) {
  const anchor = useRef<HTMLDivElement>(null);
  const keepFocus = (event: { preventDefault: () => void }) => event.preventDefault();
  return (
    <Radix.Root open={isOpen} onOpenChange={(next) => !next && onClose()}>
      <Radix.Anchor ref={anchor}>{field}</Radix.Anchor>
      <Radix.Portal>
        <Radix.Content
          id={id}
          role="listbox"
          aria-label={label}
          align="start"
          sideOffset={4}
          collisionPadding={8}
          onOpenAutoFocus={keepFocus}
          onCloseAutoFocus={keepFocus}
          onMouseDown={keepFocus}
          onInteractOutside={(event) => {
            if (event.target instanceof Node && anchor.current?.contains(event.target)) event.preventDefault();
          }}
          className={cx(floating, fitting, "w-(--radix-popover-trigger-width) p-1")}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
