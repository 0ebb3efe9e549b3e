import { Slot } from "radix-ui";
import { useState, type FocusEvent, type PointerEvent, type ReactNode } from "react";
import type { TooltipContent, TooltipText } from "./TooltipContent.tsx";

export interface TooltipProps extends TooltipText {
  /** One element that takes a ref and handlers. */
  children: ReactNode;
}

/** Positioning is heavy, and pages before the sign-in hardly need it. The frame of signed-in pages loads the module. */
const load = async () => (await import("./TooltipContent.tsx")).TooltipContent;

/**
 * Names an icon on hover and focus. Never the only place a fact stands. What shows it is there from the moment somebody points at the icon or comes
 * to it by key: dozens of them, drawn beforehand, are a good part of what drawing a page costs.
 */
export function Tooltip({ children, ...shown }: TooltipProps) {
  const [pointed, setPointed] = useState<{ owner: Element; Content: typeof TooltipContent }>();
  const show = (owner: Element) =>
    void load().then(
      (Content) => setPointed({ owner, Content }),
      // Without it the icon still has its accessible name.
      () => undefined,
    );
  return (
    <>
      <Slot.Root
        onPointerEnter={({ pointerType, currentTarget }: PointerEvent) => {
          if (pointerType !== "touch") show(currentTarget);
        }}
        onFocus={({ currentTarget }: FocusEvent) => {
          if (currentTarget.matches(":focus-visible")) show(currentTarget);
        }}
      >
        {children}
      </Slot.Root>
      {pointed ? <pointed.Content owner={pointed.owner} {...shown} /> : null}
    </>
  );
}
