import type { MouseEvent } from "react";

/**
 * The part of the help that a click leads to; `slug` is empty for the first page, and for a part of the same page. Prevents that the browser
 * loads the app again. Undefined: the click is none of the help's, or opens another tab.
 */
export function followedLink(event: MouseEvent): { slug: string; anchor: string } | undefined {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return undefined;
  const href = event.target instanceof Element ? event.target.closest("a")?.getAttribute("href") : undefined;
  if (!href || !/^(?:\/help(?:[/#]|$)|#)/.test(href)) return undefined;
  event.preventDefault();
  const [path = "", anchor = ""] = href.split("#");
  return { slug: path.replace(/^\/help\/?/, ""), anchor };
}
