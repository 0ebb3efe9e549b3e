import { Command } from "cmdk";
import { Search } from "lucide-react";
import { Dialog } from "radix-ui";
import type { KeyboardEventHandler, ReactNode } from "react";
import { scrim } from "./Dialog.tsx";
import { ignoreToastInteraction } from "./toast.tsx";
import { useFocusReturn } from "./use-focus-return.ts";

/** A window with a line to type in and a list that answers: the palette and its kin. `children` is a `CommandBox`. */
export function CommandDialog({
  title,
  isOpen,
  onOpenChange,
  children,
}: {
  title: string;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  children: ReactNode;
}) {
  const focusReturn = useFocusReturn();
  return (
    <Dialog.Root open={isOpen} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className={scrim} />
        <Dialog.Content
          {...focusReturn}
          onInteractOutside={ignoreToastInteraction}
          aria-describedby={undefined}
          className="anim-dialog on-sheet fixed top-[12dvh] left-1/2 z-50 flex max-h-[70dvh] w-150 max-w-floating -translate-x-1/2 flex-col overflow-hidden rounded-4 border border-line-0 bg-bg-1 shadow-3 outline-none narrow:top-2"
        >
          <Dialog.Title className="sr-only">{title}</Dialog.Title>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** The look of an item. */
export const commandItem =
  "flex min-h-8 items-center gap-2.5 rounded-2 px-2.5 text-sm text-fg-0 data-[selected=true]:bg-bg-3 narrow:min-h-11";

/** Filtering is the caller's: `children` are the items, in their order; `picked` is the value of the chosen one. */
export function CommandBox({
  label,
  text,
  onText,
  placeholder,
  picked,
  onPicked,
  onKeyDown,
  isBusy,
  status,
  children,
}: {
  label: string;
  text: string;
  onText: (text: string) => void;
  placeholder: string;
  picked: string;
  onPicked: (value: string) => void;
  onKeyDown?: KeyboardEventHandler<HTMLInputElement>;
  isBusy?: boolean;
  /** What screen readers hear of the results. */
  status?: string | undefined;
  children: ReactNode;
}) {
  return (
    <Command label={label} shouldFilter={false} loop value={picked} onValueChange={onPicked} className="flex min-h-0 flex-col">
      <div className="flex flex-none items-center gap-2.5 border-b border-line-0 px-4">
        <Search className="flex-none text-fg-3" />
        <Command.Input
          value={text}
          onValueChange={onText}
          {...(onKeyDown && { onKeyDown })}
          placeholder={placeholder}
          className="h-12 min-w-0 flex-1 bg-transparent text-md text-fg-0 outline-none narrow:text-lg"
        />
      </div>
      {/* Beside the list, which has options only. */}
      <p role="status" className="sr-only">
        {status}
      </p>
      <Command.List className="scroll-y min-h-0 flex-1 p-1.5" {...(isBusy !== undefined && { "aria-busy": isBusy })}>
        {children}
      </Command.List>
    </Command>
  );
}
