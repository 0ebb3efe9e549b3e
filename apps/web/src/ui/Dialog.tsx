import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { useRef, type ReactNode } from "react";
import { cx } from "../lib/cx.ts";
import { IconButton } from "./IconButton.tsx";
import { ignoreToastInteraction } from "./toast.tsx";
import { useFocusReturn } from "./use-focus-return.ts";

export const scrim = "anim-fade fixed inset-0 z-40 bg-scrim";
export const dialogBox =
  "anim-dialog on-sheet fixed top-1/2 left-1/2 z-50 flex max-h-[calc(100dvh-32px)] max-w-floating -translate-x-1/2 -translate-y-1/2 flex-col overflow-hidden rounded-4 border border-line-0 bg-bg-1 text-sm break-words text-fg-1 shadow-3 outline-none";

const widths = { md: "w-120", lg: "w-150", xl: "w-180", "2xl": "w-215", "3xl": "w-335" };

export interface DialogProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  /** A question, when an answer is asked for. */
  title: ReactNode;
  description?: ReactNode;
  children?: ReactNode;
  /** Cancel left of the action. */
  footer?: ReactNode;
  /** The default is `md`. A narrow window makes it narrower. */
  width?: keyof typeof widths;
  /** Only a control of the dialog closes it, no click beside it and no Esc: what stands in it is not to be had again, or was typed. */
  isHeld?: boolean;
  /** Where focus goes first; default is the first field, or the first control where there is none. */
  onOpenAutoFocus?: (event: Event) => void;
}

const refuse = (event: Event) => event.preventDefault();
const typedInto =
  ":is(input:not([type=file],[type=radio],[type=checkbox]), textarea):not(:disabled,[readonly],[aria-hidden=true],[tabindex='-1'])";

/** Modal dialog: traps and restores focus, Esc closes. */
export function Dialog({
  isOpen,
  onOpenChange,
  title,
  description,
  children,
  footer,
  width = "md",
  isHeld = false,
  onOpenAutoFocus,
}: DialogProps) {
  const body = useRef<HTMLDivElement>(null);
  const focusReturn = useFocusReturn();
  const focusFirst = (event: Event) => {
    focusReturn.onOpenAutoFocus(event);
    onOpenAutoFocus?.(event);
    const field = event.defaultPrevented ? null : body.current?.querySelector<HTMLElement>(typedInto);
    if (!field) return;
    event.preventDefault();
    field.focus();
  };
  return (
    <Radix.Root open={isOpen} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={scrim} />
        <Radix.Content
          onInteractOutside={ignoreToastInteraction}
          className={cx(dialogBox, widths[width])}
          {...(description ? {} : { "aria-describedby": undefined })}
          {...(isHeld && { onEscapeKeyDown: refuse, onInteractOutside: refuse })}
          onOpenAutoFocus={focusFirst}
          onCloseAutoFocus={focusReturn.onCloseAutoFocus}
        >
          <div className="flex items-start gap-3 px-5 pt-4.5">
            <Radix.Title className="min-w-0 flex-1 text-lg leading-tight">{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton label="Close" tooltipSide="none" size="sm" className="-mt-1 -mr-2">
                <X size={14} />
              </IconButton>
            </Radix.Close>
          </div>
          {description ? <Radix.Description className="px-5 pt-1.5 leading-read">{description}</Radix.Description> : null}
          {children ? (
            <div ref={body} className="relative scroll-y min-h-0 flex-1 px-5 pt-3 pb-5">
              {children}
            </div>
          ) : (
            <div className="pb-4" />
          )}
          {footer ? <div className="flex flex-wrap justify-end gap-2 border-t border-line-0 px-5 py-3">{footer}</div> : null}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
