import { draggable, dropTargetForElements, monitorForElements } from "@atlaskit/pragmatic-drag-and-drop/adapter/element-adapter";
import { combine } from "@atlaskit/pragmatic-drag-and-drop/utils/combine";
import { attachClosestEdge } from "@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge/attach-closest-edge";
import { extractClosestEdge } from "@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge/extract-closest-edge";
import type { Edge } from "@atlaskit/pragmatic-drag-and-drop-hitbox/types";
import { reorderWithEdge } from "@atlaskit/pragmatic-drag-and-drop-hitbox/util/reorder-with-edge";
import { useEffect, useId, useLayoutEffect, useRef, useState, type KeyboardEvent, type RefCallback } from "react";
import { useHandler } from "../lib/use-handler.ts";

export interface ReorderOptions {
  ids: readonly string[];
  /** `before`: the item that follows it now; null at the end. */
  onMove: (id: string, before: string | null) => void;
  /** What a screen reader calls the item. */
  nameOf: (id: string) => string;
}

/** The dragged item, and the item at whose edge it would be dropped. */
interface Drag {
  id: string;
  over: string | undefined;
  edge: Edge | null;
}

/** For items: a line at the edge where the dragged item would be dropped. */
export const reorderLine =
  "relative data-edge:after:absolute data-edge:after:inset-x-0 data-edge:after:h-0.5 data-edge:after:rounded-full data-edge:after:bg-fg-0 data-[edge=top]:after:-top-px data-[edge=bottom]:after:-bottom-px";

/** A list that is reordered by dragging an item's grip or with the arrow keys on it. Escape cancels a drag. */
export function useReorder({ ids, onMove, nameOf }: ReorderOptions) {
  const list = useId();
  const [items] = useState(() => new Map<string, RefCallback<HTMLElement>>());
  const [grips] = useState(() => new Map<string, HTMLElement>());
  const [drag, setDrag] = useState<Drag>();
  const [said, setSaid] = useState("");
  /** Focused again after a move by key: the browser drops the focus of an element that moves in the document. */
  const refocus = useRef<string>(undefined);

  const commit = useHandler((id: string, next: readonly string[]) => {
    const at = next.indexOf(id);
    if (at === ids.indexOf(id)) return;
    setSaid(`${nameOf(id)} moved to position ${at + 1} of ${next.length}.`);
    onMove(id, next[at + 1] ?? null);
  });
  const drop = useHandler(({ id, over, edge }: Drag) => {
    setDrag(undefined);
    const [startIndex, indexOfTarget] = [ids.indexOf(id), over === undefined ? -1 : ids.indexOf(over)];
    if (startIndex < 0 || indexOfTarget < 0) return;
    commit(id, reorderWithEdge({ list: [...ids], startIndex, indexOfTarget, closestEdgeOfTarget: edge, axis: "vertical" }));
  });
  useLayoutEffect(() => {
    if (refocus.current === undefined) return;
    grips.get(refocus.current)?.focus();
    refocus.current = undefined;
  });

  useEffect(() => {
    type Event = Parameters<NonNullable<Parameters<typeof monitorForElements>[0]["onDrag"]>>[0];
    const dragOf = ({ source, location }: Event): Drag => {
      const data = location.current.dropTargets[0]?.data;
      return { id: String(source.data["id"]), over: data && String(data["id"]), edge: data ? extractClosestEdge(data) : null };
    };
    const show = (event: Event) => {
      const next = dragOf(event);
      setDrag((last) => (last?.id === next.id && last.over === next.over && last.edge === next.edge ? last : next));
    };
    return monitorForElements({
      canMonitor: ({ source }) => source.data["list"] === list,
      onDragStart: show,
      onDrag: show,
      onDrop: (event) => drop(dragOf(event)),
    });
  }, [list, drop]);

  const itemOf = (id: string): RefCallback<HTMLElement> => {
    const known = items.get(id);
    if (known) return known;
    const attach: RefCallback<HTMLElement> = (element) => {
      const grip = grips.get(id);
      if (!element || !grip) return undefined;
      return combine(
        draggable({ element, dragHandle: grip, getInitialData: () => ({ list, id }) }),
        dropTargetForElements({
          element,
          canDrop: ({ source }) => source.data["list"] === list,
          getData: ({ input }) => attachClosestEdge({ id }, { element, input, allowedEdges: ["top", "bottom"] }),
          // A drag that leaves the list ends where it was last.
          getIsSticky: () => true,
        }),
      );
    };
    items.set(id, attach);
    return attach;
  };
  return {
    /** For a `role="status"`: announces the last move. */
    said,
    item: (id: string) => ({
      ref: itemOf(id),
      "data-dragged": id === drag?.id || undefined,
      "data-edge": (drag?.over === id && drag.id !== id && drag.edge) || undefined,
    }),
    grip: (id: string) => ({
      ref: (element: HTMLElement | null) => {
        if (element) grips.set(id, element);
        else grips.delete(id);
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
