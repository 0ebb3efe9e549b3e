import { useEffect, useRef } from "react";

function markEnds(strip: HTMLElement): void {
  strip.toggleAttribute("data-more-before", strip.scrollLeft > 1);
  strip.toggleAttribute("data-more-after", strip.scrollWidth - strip.clientWidth - strip.scrollLeft > 1);
}

/**
 * For a strip of links that is wider than its container: scrolls to the current link, also when the container is resized. `data-more-before` and
 * `data-more-after` say where the strip continues; `fade-ends` shows it.
 */
export function useScrollToCurrent(here: string | undefined) {
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    const strip = nav.current;
    if (!strip) return undefined;
    const mark = () => markEnds(strip);
    const observer = new ResizeObserver(() => {
      const link = strip.querySelector<HTMLElement>("[aria-current='page']");
      if (link) strip.scrollLeft = link.offsetLeft - (strip.clientWidth - link.offsetWidth) / 2;
      mark();
    });
    observer.observe(strip);
    strip.addEventListener("scroll", mark, { passive: true });
    return () => {
      observer.disconnect();
      strip.removeEventListener("scroll", mark);
    };
  }, [here]);
  // The number of links can change.
  useEffect(() => {
    if (nav.current) markEnds(nav.current);
  });
  return nav;
}
