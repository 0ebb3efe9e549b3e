import { Tooltip as Radix } from "radix-ui";
import { createContext, use, useEffect, useImperativeHandle, useState, type ComponentProps, type ReactNode } from "react";
import { flushSync } from "react-dom";

export interface TooltipText {
  text: ReactNode;
  keys?: ReactNode;
  side?: "top" | "bottom" | "left" | "right";
}

const IsShared = createContext(false);

/** Lets tooltips inside share their delay: after the first one, the next appear at once. */
export const TooltipProvider = ({ children }: { children: ReactNode }) => (
  <IsShared value={true}>
    <Delays>{children}</Delays>
  </IsShared>
);

const Delays = ({ children }: { children: ReactNode }) => (
  <Radix.Provider delayDuration={400} skipDelayDuration={200} disableHoverableContent>
    {children}
  </Radix.Provider>
);

/** What a tooltip shows while the pointer or the focus is on `owner`. */
export function TooltipContent({ owner, text, keys, side = "bottom" }: TooltipText & { owner: Element }) {
  const [isOpen, setIsOpen] = useState(false);
  useEffect(() => {
    if (!isOpen) return undefined;
    // Esc closes the tooltip, and what is below it as well: Radix would give the key to the tooltip alone.
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === "Escape") flushSync(() => setIsOpen(false));
    };
    addEventListener("keydown", onKeyDown, { capture: true });
    return () => removeEventListener("keydown", onKeyDown, { capture: true });
  }, [isOpen]);
  const tooltip = (
    <Radix.Root open={isOpen} onOpenChange={setIsOpen}>
      <Radix.Trigger asChild>
        <VirtualTrigger owner={owner} />
      </Radix.Trigger>
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
  return use(IsShared) ? tooltip : <Delays>{tooltip}</Delays>;
}

type TriggerProps = ComponentProps<"button">;
const handlerNames = {
  pointermove: "onPointerMove",
  pointerleave: "onPointerLeave",
  pointerdown: "onPointerDown",
  focus: "onFocus",
  blur: "onBlur",
  click: "onClick",
} as const satisfies Record<string, keyof TriggerProps>;

/** The trigger that is not drawn: it listens to `owner`, which stands elsewhere already, and gives it the description. */
function VirtualTrigger({ owner, ref, "aria-describedby": description, ...handlers }: TriggerProps & { owner: Element }) {
  useImperativeHandle(ref, () => owner as HTMLButtonElement, [owner]);
  useEffect(() => {
    const forward = (event: Event) => {
      const handler = handlers[handlerNames[event.type as keyof typeof handlerNames]] as ((event: Event) => void) | undefined;
      handler?.(event);
    };
    for (const type of Object.keys(handlerNames)) owner.addEventListener(type, forward);
    return () => {
      for (const type of Object.keys(handlerNames)) owner.removeEventListener(type, forward);
    };
  });
  // It was focused before anyone listened.
  useEffect(() => {
    if (owner.matches(":focus-visible")) (handlers.onFocus as ((event: Event) => void) | undefined)?.(new Event("focus"));
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [owner]);
  useEffect(() => {
    if (!description) return undefined;
    const own = owner.getAttribute("aria-describedby");
    owner.setAttribute("aria-describedby", own ? `${own} ${description}` : description);
    return () => {
      if (own) owner.setAttribute("aria-describedby", own);
      else owner.removeAttribute("aria-describedby");
    };
  }, [owner, description]);
  return null;
}
