import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

export interface ReorderOptions {
  ids: readonly string[];
  /** `before`: the item that follows it now; null at the end. */
  onMove: (id: string, before: string | null) => void;
  /** What a screen reader calls the item. */
  nameOf: (id: string) => string;
}

/**
 * A list that is reordered by dragging an item's grip or with the arrow keys on it. While dragging, items are only moved visually
 * (CSS `order` in a flex column), so the focus doesn't change; Escape cancels.
 */
export function useReorder({ ids, onMove, nameOf }: ReorderOptions) {
  const elements = useRef(new Map<string, HTMLElement>());
  const grips = useRef(new Map<string, HTMLElement>());
  const [drag, setDrag] = useState<{ id: string; order: readonly string[] }>();
  const [said, setSaid] = useState("");
  /** Focused again after a move by key: the browser drops the focus of an element that moves in the document. */
  const refocus = useRef<string>(undefined);

  const order = drag?.order ?? ids;
  const commit = (id: string, next: readonly string[]) => {
    const at = next.indexOf(id);
    if (at === ids.indexOf(id)) return;
    setSaid(`${nameOf(id)} moved to position ${at + 1} of ${next.length}.`);
    onMove(id, next[at + 1] ?? null);
  };
  const latest = useRef({ drag, commit });
  useLayoutEffect(() => {
    latest.current = { drag, commit };
    if (refocus.current === undefined) return;
    grips.current.get(refocus.current)?.focus();
    refocus.current = undefined;
  });

  const dragged = drag?.id;
  useEffect(() => {
    if (dragged === undefined) return undefined;
    const abort = new AbortController();
    const { signal } = abort;
    addEventListener(
      "pointermove",
      (event) => {
        const now = latest.current.drag;
        if (!now) return;
        const others = now.order.filter((id) => id !== now.id);
        const above = others.filter((id) => {
          const box = elements.current.get(id)?.getBoundingClientRect();
          return box !== undefined && box.top + box.height / 2 < event.clientY;
        });
        const next = others.toSpliced(above.length, 0, now.id);
        if (next.join() !== now.order.join()) setDrag({ id: now.id, order: next });
      },
      { signal },
    );
    const end = (isKept: boolean) => {
      const now = latest.current.drag;
      setDrag(undefined);
      if (now && isKept) latest.current.commit(now.id, now.order);
    };
    addEventListener("pointerup", () => end(true), { signal });
    addEventListener("pointercancel", () => end(false), { signal });
    addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Escape") return;
        event.preventDefault();
        event.stopPropagation();
        end(false);
      },
      { signal, capture: true },
    );
    return () => abort.abort();
  }, [dragged]);

  const set = (map: Map<string, HTMLElement>, id: string) => (element: HTMLElement | null) => {
    if (element) map.set(id, element);
    else map.delete(id);
  };
  return {
    /** For a `role="status"`: announces the last move. */
    said,
    item: (id: string) => ({
      ref: set(elements.current, id),
      style: { order: order.indexOf(id) },
      "data-dragged": id === dragged || undefined,
    }),
    grip: (id: string) => ({
      ref: set(grips.current, id),
      style: { touchAction: "none" as const },
      onPointerDown: (event: PointerEvent) => {
        if (event.button === 0) setDrag({ id, order: ids });
      },
      onKeyDown: (event: KeyboardEvent) => {
        const step = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
        if (step === 0 || event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        const at = ids.indexOf(id) + step;
        if (at < 0 || at >= ids.length) return;
        refocus.current = id;
        commit(id, ids.filter((one) => one !== id).toSpliced(at, 0, id));
      },
    }),
  };
}

/** The list with one item moved before another; null: to the end. */
export function moved<T extends { id: string }>(list: readonly T[], id: string, before: string | null): T[] {
  const item = list.find((one) => one.id === id);
  if (!item || before === id) return [...list];
  const rest = list.filter((one) => one !== item);
  const at = before === null ? -1 : rest.findIndex((one) => one.id === before);
  return rest.toSpliced(at < 0 ? rest.length : at, 0, item);
}
