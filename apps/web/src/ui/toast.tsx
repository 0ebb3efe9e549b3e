import { CircleCheck, CircleX, Info, X } from "lucide-react";
import type { ReactNode } from "react";
import { createPortal } from "react-dom";
import { Toaster as Sonner, toast as sonner } from "sonner";
import { Button } from "./Button.tsx";
import { ErrorSentence } from "./HelpLink.tsx";
import { IconButton } from "./IconButton.tsx";

type ToastKind = "done" | "failed" | "note";
export interface ToastOptions {
  kind?: ToastKind;
  /** One action, such as Undo. */
  action?: { label: string; onSelect: () => void };
  /** Milliseconds; default 6 000, or 10 000 with an action. Hovering and focus hold it. */
  durationMs?: number;
  /** Replaces the toast of the same id. */
  id?: string;
}

const icons: Record<ToastKind, ReactNode> = {
  done: <CircleCheck className="text-ok" />,
  failed: <CircleX className="text-err" />,
  note: <Info className="text-info" />,
};

/** One sentence, at most one action. Never for an error that belongs to a field or a row. */
export function toast(sentence: ReactNode, { kind = "done", action, durationMs, id }: ToastOptions = {}): void {
  const duration = durationMs ?? (action ? 10_000 : 6_000);
  const show = (options: { id?: string | number; duration: number }) => {
    sonner.custom(
      (toastId) => (
        <div
          role={kind === "failed" ? "alert" : undefined}
          // The pointer holds it by itself, the keyboard as long as it is here.
          onFocus={() => show({ id: toastId, duration: Infinity })}
          onBlur={(event) => event.currentTarget.contains(event.relatedTarget) || show({ id: toastId, duration })}
          className="flex w-95 max-w-floating items-center gap-2.5 rounded-3 border border-line-0 bg-bg-1 py-2.5 pr-2 pl-3 font-sans text-sm text-fg-0 shadow-3"
        >
          <span className="flex-none">{icons[kind]}</span>
          <span className="min-w-0 flex-1">{sentence}</span>
          {action ? (
            <Button
              size="sm"
              variant="ghost"
              onClick={() => {
                sonner.dismiss(toastId);
                action.onSelect();
              }}
            >
              {action.label}
            </Button>
          ) : null}
          <IconButton label="Close" tooltipSide="none" size="sm" onClick={() => sonner.dismiss(toastId)}>
            <X size={14} />
          </IconButton>
        </div>
      ),
      options,
    );
  };
  show({ duration, ...(id !== undefined && { id }) });
}

/** Says why an action failed, with the help about it. `before`: a sentence that says which action. */
export function toastError(error: unknown, { before, ...options }: { before?: string } & Omit<ToastOptions, "kind"> = {}): void {
  toast(<ErrorSentence of={error} {...(before !== undefined && { before })} />, { ...options, kind: "failed" });
}

/** Says what was done, and offers to undo it. If undoing fails, another toast says why. */
export function toastWithUndo(sentence: ReactNode, undo: () => unknown, options: Pick<ToastOptions, "durationMs" | "id"> = {}): void {
  const onSelect = () => void (async () => undo())().catch((error: unknown) => toastError(error, { before: "Couldn't undo." }));
  toast(sentence, { ...options, action: { label: "Undo", onSelect } });
}

/** For the `onInteractOutside` of popovers and dialogs: pressing a toast doesn't close them. */
export function ignoreToastInteraction(event: CustomEvent<{ originalEvent: Event }>): void {
  const { target } = event.detail.originalEvent;
  if (target instanceof Element && target.closest("[data-sonner-toaster]")) event.preventDefault();
}

/** Mount once. Outside the app, like dialogs: toasts are above them and usable while one is open. */
export const Toaster = () =>
  createPortal(
    <Sonner
      style={{ fontFamily: "inherit" }}
      position="bottom-right"
      gap={8}
      offset={16}
      mobileOffset={{ bottom: 72, left: 12, right: 12 }}
      containerAriaLabel="Notifications"
    />,
    document.body,
  );
