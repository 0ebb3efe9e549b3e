import { combine } from "@atlaskit/pragmatic-drag-and-drop/utils/combine";
import { draggable, dropTargetForElements, monitorForElements } from "@atlaskit/pragmatic-drag-and-drop/adapter/element-adapter";
import { attachClosestEdge } from "@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge/attach-closest-edge";
import { extractClosestEdge } from "@atlaskit/pragmatic-drag-and-drop-hitbox/closest-edge/extract-closest-edge";
import type { Edge } from "@atlaskit/pragmatic-drag-and-drop-hitbox/types";
import { useEffect, useState, type RefObject } from "react";
import { useHandler } from "../../lib/use-handler.ts";

/** What is dragged about on the board, and what it may be dropped on. Other drags (files, text) pass by. */
type Thing = { board: string } & ({ kind: "card"; cardId: string; columnId: string } | { kind: "column"; columnId: string });
const thingOf = (data: Record<string | symbol, unknown>, board: string): Thing | undefined =>
  data["board"] === board ? (data as unknown as Thing) : undefined;

/** A card: may be lifted, and shows on which of its sides another one would land. */
export function useDragCard(ref: RefObject<HTMLElement | null>, board: string, cardId: string, columnId: string, isMovable: boolean) {
  const [isLifted, setIsLifted] = useState(false);
  const [edge, setEdge] = useState<Edge | null>(null);
  useEffect(() => {
    const element = ref.current;
    if (!element || !isMovable) return undefined;
    const data: Thing = { board, kind: "card", cardId, columnId };
    return combine(
      draggable({ element, getInitialData: () => ({ ...data }), onDragStart: () => setIsLifted(true), onDrop: () => setIsLifted(false) }),
      dropTargetForElements({
        element,
        canDrop: ({ source }) => thingOf(source.data, board)?.kind === "card",
        getData: ({ input, element: target }) =>
          attachClosestEdge({ ...data }, { input, element: target, allowedEdges: ["top", "bottom"] }),
        onDrag: ({ self, source }) => setEdge(source.data["cardId"] === cardId ? null : extractClosestEdge(self.data)),
        onDragLeave: () => setEdge(null),
        onDrop: () => setEdge(null),
      }),
    );
  }, [ref, board, cardId, columnId, isMovable]);
  return { isLifted, edge };
}

/** A column: lifted by its head; takes cards anywhere and other columns at its sides. */
export function useDragColumn(ref: RefObject<HTMLElement | null>, head: RefObject<HTMLElement | null>, board: string, columnId: string) {
  const [isLifted, setIsLifted] = useState(false);
  const [edge, setEdge] = useState<Edge | null>(null);
  /** The card that hangs over it. */
  const [over, setOver] = useState<string>();
  useEffect(() => {
    const [element, handle] = [ref.current, head.current];
    if (!element || !handle) return undefined;
    const data: Thing = { board, kind: "column", columnId };
    const reset = () => {
      setEdge(null);
      setOver(undefined);
    };
    return combine(
      draggable({
        element,
        dragHandle: handle,
        getInitialData: () => ({ ...data }),
        onDragStart: () => setIsLifted(true),
        onDrop: () => setIsLifted(false),
      }),
      dropTargetForElements({
        element,
        canDrop: ({ source }) => thingOf(source.data, board) !== undefined,
        getData: ({ input, element: target }) =>
          attachClosestEdge({ ...data }, { input, element: target, allowedEdges: ["left", "right"] }),
        onDrag: ({ self, source }) => {
          const thing = thingOf(source.data, board);
          setOver(thing?.kind === "card" ? thing.cardId : undefined);
          setEdge(thing?.kind === "column" && thing.columnId !== columnId ? extractClosestEdge(self.data) : null);
        },
        onDragLeave: reset,
        onDrop: reset,
      }),
    );
  }, [ref, head, board, columnId]);
  return { isLifted, edge, over };
}

export interface Drops {
  /** On a card, at one of its sides; or somewhere on the column. */
  onCard: (cardId: string, columnId: string, at: { cardId: string; edge: "top" | "bottom" } | undefined) => void;
  onColumn: (columnId: string, targetId: string, edge: "left" | "right") => void;
}
/** Listens to every drop on one board. */
export function useDrops(board: string, drops: Drops): void {
  const onCard = useHandler(drops.onCard);
  const onColumn = useHandler(drops.onColumn);
  useEffect(
    () =>
      monitorForElements({
        canMonitor: ({ source }) => thingOf(source.data, board) !== undefined,
        onDrop: ({ source, location }) => {
          const dropped = thingOf(source.data, board);
          const targets = location.current.dropTargets.flatMap((target) => {
            const thing = thingOf(target.data, board);
            return thing ? [{ thing, edge: extractClosestEdge(target.data) }] : [];
          });
          const column = targets.find(({ thing }) => thing.kind === "column");
          if (!dropped || !column) return;
          if (dropped.kind === "column") {
            if (column.thing.columnId !== dropped.columnId)
              onColumn(dropped.columnId, column.thing.columnId, column.edge === "right" ? "right" : "left");
            return;
          }
          const card = targets.find(({ thing }) => thing.kind === "card");
          onCard(
            dropped.cardId,
            column.thing.columnId,
            card?.thing.kind === "card" ? { cardId: card.thing.cardId, edge: card.edge === "bottom" ? "bottom" : "top" } : undefined,
          );
        },
      }),
    [board, onCard, onColumn],
  );
}
