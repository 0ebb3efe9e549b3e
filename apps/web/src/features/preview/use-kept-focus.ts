import { useEffect, useRef, type RefObject } from "react";
import { useHandler } from "../../lib/use-handler.ts";

const isWritten = (element: unknown): element is HTMLElement =>
  element instanceof HTMLTextAreaElement ||
  element instanceof HTMLInputElement ||
  (element instanceof HTMLElement && element.isContentEditable);

/**
 * Returns the focus to the text field in which a person is typing when the app in the frame takes it, as many apps do on load.
 * Moving to the frame with Tab or by pressing into it is allowed; the bridge reports a press with `onPressed`, before or after
 * the focus moves.
 */
export function useKeptFocus(frameRef: RefObject<HTMLIFrameElement | null>, isKept: boolean): { onPressed: () => void } {
  /** The person moved to the frame. */
  const isGoneTo = useRef(false);
  /** The focus was returned and no key was pressed since: a press reported now had moved it. */
  const isReturned = useRef(false);
  useEffect(() => {
    if (!isKept) return undefined;
    let written: HTMLElement | undefined = isWritten(document.activeElement) ? document.activeElement : undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const abort = new AbortController();
    const { signal } = abort;
    const isInFrame = () => frameRef.current !== null && document.activeElement === frameRef.current;
    addEventListener("focusin", ({ target }) => (written = isWritten(target) ? target : undefined), { signal });
    addEventListener(
      "keydown",
      ({ key }) => {
        isGoneTo.current = key === "Tab";
        isReturned.current = false;
      },
      { capture: true, signal },
    );
    addEventListener(
      "blur",
      () => {
        clearTimeout(timer);
        if (!written || !isInFrame()) return;
        // The focus cannot be changed while it is moving.
        timer = setTimeout(() => {
          if (isGoneTo.current || !isInFrame()) return;
          isReturned.current = true;
          written?.focus({ preventScroll: true });
        });
      },
      { signal },
    );
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [frameRef, isKept]);
  const onPressed = useHandler(() => {
    isGoneTo.current = true;
    if (isReturned.current) frameRef.current?.focus();
    isReturned.current = false;
  });
  return { onPressed };
}
