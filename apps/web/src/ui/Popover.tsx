import { Popover as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { cx } from "../lib/cx.ts";
import { floating } from "./Menu.tsx";

/** Free content beside a trigger; focus moves in and comes back. */
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
          className={cx(floating, "max-w-96 p-3", className)}
        >
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
