import { CircleCheck, CircleX, Info, X } from "lucide-react";
import { useEffect, type ReactNode } from "react";
import { createPortal } from "react-dom";
import { Toaster as Sonner, toast as sonner } from "sonner";
import { Button } from "./Button.tsx";
import { IconButton } from "./IconButton.tsx";
import type { ToastKind, ToastRequest } from "./toast-request.ts";

const icons: Record<ToastKind, ReactNode> = {
  done: <CircleCheck className="text-ok" />,
  failed: <CircleX className="text-err" />,
  note: <Info className="text-info" />,
};

function show({ sentence, kind, action, durationMs, id }: ToastRequest): void {
  const render = (options: { id?: string | number; duration: number }) => {
    sonner.custom(
      (toastId) => (
        <div
          role={kind === "failed" ? "alert" : undefined}
          // The pointer holds it by itself, the keyboard as long as it is here.
          onFocus={() => render({ id: toastId, duration: Infinity })}
          onBlur={(event) => event.currentTarget.contains(event.relatedTarget) || render({ id: toastId, duration: durationMs })}
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
  render({ duration: durationMs, ...(id !== undefined && { id }) });
}

/** Outside the app, like dialogs: toasts are above them and usable while one is open. `onMount` gets what shows a toast, and returns its cleanup. */
export function ToastStack({ onMount }: { onMount: (show: (request: ToastRequest) => void) => () => void }) {
  // Sonner shows what comes after it was mounted: its effect runs before this one.
  useEffect(() => onMount(show), [onMount]);
  return createPortal(
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
}
