import { useEffect, useState, type ReactNode } from "react";
import { loadWithRetry } from "../lib/chunks.ts";
import { ErrorSentence } from "./HelpLink.tsx";
import type { ToastOptions, ToastRequest } from "./toast-request.ts";
import type { ToastStack } from "./ToastStack.tsx";

type Stack = typeof ToastStack;

/** The code that shows toasts is loaded once pages can be used: few need it at their start. */
const loadDelayMs = 3_000;
let Loaded: Stack | undefined;
/** Loads what shows toasts. Throws `ChunkLoadError`. */
export async function loadToasts(): Promise<Stack> {
  Loaded ??= (await loadWithRetry(() => import("./ToastStack.tsx"))).ToastStack;
  return Loaded;
}

/** Toasts that are shown once their code is loaded. */
const waiting: ToastRequest[] = [];
let show: ((request: ToastRequest) => void) | undefined;
let requestLoad: (() => void) | undefined;

/** One sentence, at most one action. Never for an error that belongs to a field or a row. */
export function toast(sentence: ReactNode, { kind = "done", action, durationMs, id }: ToastOptions = {}): void {
  const request: ToastRequest = { sentence, kind, action, id, durationMs: durationMs ?? (action ? 10_000 : 6_000) };
  if (show) return show(request);
  waiting.push(request);
  requestLoad?.();
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

function showWaiting(showOne: (request: ToastRequest) => void): () => void {
  show = showOne;
  waiting.splice(0).forEach(showOne);
  return () => {
    show = undefined;
  };
}

/** Mount once. */
export function Toaster() {
  const [Stack, setStack] = useState(() => Loaded);
  useEffect(() => {
    if (Stack) return undefined;
    // If it can't be loaded, the next toast tries again.
    const load = () =>
      void loadToasts().then(
        (loaded) => setStack(() => loaded),
        () => undefined,
      );
    requestLoad = load;
    if (waiting.length > 0) load();
    const timer = setTimeout(load, loadDelayMs);
    return () => {
      clearTimeout(timer);
      requestLoad = undefined;
    };
  }, [Stack]);
  return Stack ? <Stack onMount={showWaiting} /> : null;
}
