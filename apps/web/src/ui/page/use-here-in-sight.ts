import { useEffect, useRef } from "react";

/** A strip of links that is wider than its window: the place one is at is brought into sight, also when the window becomes another one's size. */
export function useHereInSight(here: string | undefined) {
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
