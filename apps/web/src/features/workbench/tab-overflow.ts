/**
 * The tabs that fit into a bar, in their order. `widthOf` and the others are px. The current tab always fits: it replaces the last ones.
 * A tab without a known width counts as nothing.
 */
export function fittingTabs<T>(
  tabs: readonly T[],
  { current, widthOf, roomPx, morePx }: { current: T; widthOf: (tab: T) => number; roomPx: number; morePx: number },
): readonly T[] {
  const widthOfAll = (some: readonly T[]) => some.reduce((sum, tab) => sum + widthOf(tab), 0);
  if (widthOfAll(tabs) <= roomPx) return tabs;
  const room = roomPx - morePx - widthOf(current);
  const others: T[] = [];
  for (const tab of tabs) {
    if (tab === current) continue;
    if (widthOfAll([...others, tab]) > room) break;
    others.push(tab);
  }
  return tabs.filter((tab) => tab === current || others.includes(tab));
}
