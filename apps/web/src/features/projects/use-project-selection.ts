import { useState } from "react";

/** The projects that are selected among those of the page, in the order of the page. What leaves the page is no longer selected. */
export function useProjectSelection<T extends { id: string }>(shown: readonly T[]) {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  /** Where a range starts: the project that was selected last. */
  const [anchor, setAnchor] = useState<string>();
  const selected = shown.filter(({ id }) => ids.has(id));
  return {
    selected,
    has: (id: string): boolean => ids.has(id),
    /** With `isRange` all projects from the one before get the same state. */
    toggle: (id: string, isSelected: boolean, isRange: boolean): void => {
      const order = shown.map((one) => one.id);
      const to = order.indexOf(id);
      const from = isRange && anchor !== undefined ? order.indexOf(anchor) : -1;
      const range = from < 0 ? [id] : order.slice(Math.min(from, to), Math.max(from, to) + 1);
      setIds(new Set([...selected.map((one) => one.id).filter((one) => !range.includes(one)), ...(isSelected ? range : [])]));
      setAnchor(id);
    },
    selectAll: (): void => setIds(new Set(shown.map(({ id }) => id))),
    clear: (): void => setIds(new Set()),
  };
}
export type ProjectSelection = ReturnType<typeof useProjectSelection>;
