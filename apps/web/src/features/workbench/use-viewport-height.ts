import { useEffect } from "react";

/** More than the browser's own bars take. */
const keyboardPx = 150;

/** On a phone the on-screen keyboard covers the page; the workbench then uses the remaining height, so that the composer stays visible. */
export function useViewportHeight(): void {
  useEffect(() => {
    const viewport = window.visualViewport;
    if (!viewport) return undefined;
    const root = document.documentElement;
    const fit = () => {
      const hidden = window.innerHeight - viewport.height;
      const isUp = hidden > keyboardPx && viewport.scale === 1;
      if (isUp) root.style.setProperty("--viewport-height", `${viewport.height}px`);
      else root.style.removeProperty("--viewport-height");
      if (isUp) window.scrollTo(0, 0);
    };
    viewport.addEventListener("resize", fit);
    return () => {
      viewport.removeEventListener("resize", fit);
      root.style.removeProperty("--viewport-height");
    };
  }, []);
}
