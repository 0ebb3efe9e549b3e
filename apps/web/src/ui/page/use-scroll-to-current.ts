import { useEffect, useRef } from "react";

/** For a strip of links that is wider than its container: scrolls to the current link, also when the container is resized. */
export function useScrollToCurrent(here: string | undefined) {
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    const strip = nav.current;
    if (!strip) return undefined;
    const observer = new ResizeObserver(() => {
      const link = strip.querySelector<HTMLElement>("[aria-current='page']");
      if (link) strip.scrollLeft = link.offsetLeft - (strip.clientWidth - link.offsetWidth) / 2;
    });
    observer.observe(strip);
    return () => observer.disconnect();
  }, [here]);
  return nav;
}
