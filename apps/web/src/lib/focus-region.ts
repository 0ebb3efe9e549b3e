const focusable = "a[href], button:not(:disabled), input:not(:disabled), textarea, select, [tabindex='0']";
/** What waits for an answer comes before the composer. */
const first = "[data-testid='approval-card'][tabindex], [data-testid='question-card'][tabindex], [data-region='chat'] textarea";

const isShown = (element: HTMLElement) => element.getClientRects().length > 0;

/** Focuses the next or previous visible part of the page (`data-region`): its first control, or itself. */
export function focusRegion(step: 1 | -1): void {
  const all = [...document.querySelectorAll<HTMLElement>("[data-region]")].filter(isShown);
  // A part with parts in it is reached by those.
  const regions = all.filter((region) => !all.some((other) => other !== region && region.contains(other)));
  const at = regions.findIndex((region) => region.contains(document.activeElement));
  const next = at < 0 && step < 0 ? regions.at(-1) : regions[(at + step + regions.length) % regions.length];
  const target = [...(next?.querySelectorAll<HTMLElement>(first) ?? []), ...(next?.querySelectorAll<HTMLElement>(focusable) ?? [])].find(
    isShown,
  );
  (target ?? next)?.focus();
}
