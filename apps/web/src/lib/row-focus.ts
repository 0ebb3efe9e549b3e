const reachable = "a[href], button:not(:disabled), input:not(:disabled), [tabindex='0']";

/** The nearest heading above a list: where its reader began. */
function headingOf(list: Element, scope: Element): HTMLElement | undefined {
  for (let box = list.parentElement; box; box = box === scope ? null : box.parentElement) {
    const found = [...box.querySelectorAll<HTMLElement>("h1, h2, h3")].find((heading) => !list.contains(heading));
    if (found) return found;
  }
  return undefined;
}

/**
 * For the `ref` of a list whose rows are deleted: who was in a row that went, by itself or behind a question, finds themself in the row that
 * took its place, or at the heading when there is none; a browser would put them at the top of the page.
 */
export function keepRowFocus(list: HTMLElement | null): (() => void) | undefined {
  if (!list) return undefined;
  const scope = list.closest<HTMLElement>("[role=dialog]") ?? document.querySelector<HTMLElement>("#root") ?? document.body;
  const heading = headingOf(list, scope);
  let last: { row: Element; at: number } | undefined;
  let isGone = false;

  const restore = () => {
    // Not lost yet: a question about the row may be open still. A dialog takes what its parts lose upon itself.
    const isLost = document.activeElement === document.body || document.activeElement === scope;
    if (!last || (!isGone && list.contains(last.row)) || !isLost) return;
    const rows = isGone ? [] : [...list.children];
    const target = rows[Math.min(last.at, rows.length - 1)]?.querySelector<HTMLElement>(reachable) ?? heading;
    last = undefined;
    if (!target?.isConnected) return;
    if (target === heading) target.tabIndex = -1;
    target.focus();
  };
  const onChange = () => {
    restore();
    if (isGone && (!last || !heading?.isConnected)) end();
  };
  const onFocus = ({ target }: FocusEvent) => {
    if (!(target instanceof Element) || !scope.contains(target) || target === scope) return;
    const at = [...list.children].findIndex((row) => row.contains(target));
    const row = list.children[at];
    last = row && { row, at };
  };
  // Whoever presses the pointer elsewhere wants nothing back.
  const onPress = ({ target }: PointerEvent) => {
    if (target instanceof Element && scope.contains(target) && !list.contains(target)) last = undefined;
  };
  const observer = new MutationObserver(onChange);
  const end = () => {
    observer.disconnect();
    document.removeEventListener("focusin", onFocus);
    document.removeEventListener("pointerdown", onPress);
  };
  observer.observe(list, { childList: true });
  // Questions stand beside the page: they are over when they leave it.
  observer.observe(document.body, { childList: true });
  document.addEventListener("focusin", onFocus);
  document.addEventListener("pointerdown", onPress);
  return () => {
    isGone = true;
    // The last row takes its list along; the page is without it only after this.
    queueMicrotask(onChange);
  };
}
