import { useLayoutEffect } from "react";

/**
 * Sets an attribute `data-<name>` of the root element while the component is mounted, for styles of other parts of the page. A selector like
 * `:root:has(…) nav` would do the same, but makes every change in the page match styles again.
 */
export function useRootFlag(name: "workbench" | "page-actions"): void {
  useLayoutEffect(() => {
    const root = document.documentElement;
    root.toggleAttribute(`data-${name}`, true);
    return () => void root.removeAttribute(`data-${name}`);
  }, [name]);
}
