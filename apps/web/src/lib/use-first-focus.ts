import { useEffect, type RefObject } from "react";

/**
 * The field that a page begins in: focused with the first frame in which it stands. `autoFocus` would lay the whole page out while it is still
 * being put together, which is one long task. Whoever has gone elsewhere by then stays there.
 */
export function useFirstFocus(field: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const before = document.activeElement;
    const frame = requestAnimationFrame(() => {
      if (document.activeElement === before) field.current?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, [field]);
}
