import { Tooltip as Radix } from "radix-ui";
import type { ReactNode } from "react";

/** Wrap the app once. */
export const TooltipProvider = ({ children }: { children: ReactNode }) => (
  <Radix.Provider delayDuration={400} skipDelayDuration={200} disableHoverableContent>
    {children}
  </Radix.Provider>
);

/** Names an icon on hover and focus. Never the only place a fact stands. */
export function Tooltip({
  text,
  keys,
  side = "bottom",
  children,
}: {
  text: ReactNode;
  keys?: ReactNode;
  side?: "top" | "bottom" | "left" | "right";
  children: ReactNode;
}) {
  return (
    <Radix.Root>
      <Radix.Trigger asChild>{children}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content
          side={side}
          sideOffset={6}
          collisionPadding={8}
          className="anim-fade z-50 flex max-w-72 items-center gap-2 rounded-2 bg-fg-0 px-2 py-1 text-xs text-bg-1 shadow-2"
        >
          {text}
          {keys ? <span className="inline-flex gap-0.5 opacity-80 [&_kbd]:bg-transparent [&_kbd]:text-bg-1">{keys}</span> : null}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
