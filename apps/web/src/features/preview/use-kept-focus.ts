import { useEffect, useRef, type RefObject } from "react";
import { useHandler } from "../../lib/use-handler.ts";

const isWritten = (element: unknown): element is HTMLElement =>
  element instanceof HTMLTextAreaElement ||
  element instanceof HTMLInputElement ||
  (element instanceof HTMLElement && element.isContentEditable);

/**
 * An app that focuses something of its own, as many do whenever they are loaded, takes no keys from whoever writes beside it: the focus goes back to
 * where they write. By Tab the frame is gone to; so it is by a press into it, which only its bridge can tell: `onPressed`, before or after.
 */
export function useKeptFocus(frameRef: RefObject<HTMLIFrameElement | null>, isKept: boolean): { onPressed: () => void } {
  /** They have gone to the frame themselves. */
  const isGoneTo = useRef(false);
  /** The focus was taken back, and no key was pressed since: a press that is told now was what had moved it. */
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
        // While the focus is on its way it cannot be turned around.
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
