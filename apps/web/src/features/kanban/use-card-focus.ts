import type { Board, Card } from "@tesslate/contract";
import { useEffect, useRef, useState, type RefObject } from "react";
import { useHandler } from "../../lib/use-handler.ts";

/** Longer than a menu takes to go and to give the focus back to what is no longer there. */
const settleMs = 220;

const isFocusLost = () => document.activeElement === null || document.activeElement === document.body;

/** Where the keyboard stands on the board; a card that was moved keeps it. */
export function useCardFocus(root: RefObject<HTMLElement | null>, board: Board) {
  const [lastId, setLastId] = useState<string>();
  const [wanted, setWanted] = useState<{ selector: string }>();

  useEffect(() => {
    if (!wanted) return undefined;
    const go = () => root.current?.querySelector<HTMLElement>(wanted.selector)?.focus();
    go();
    // Whoever has gone elsewhere meanwhile is left there.
    const timer = setTimeout(() => {
      if (isFocusLost()) go();
      setWanted(undefined);
    }, settleMs);
    return () => clearTimeout(timer);
  }, [wanted, root]);
  // The server's answer may show the card anew, in the same or in another column, long after the move.
  const held = useRef<string>(undefined);
  useEffect(() => {
    if (wanted) held.current = wanted.selector;
  }, [wanted]);
  useEffect(() => {
    const letGo = ({ target }: Event) => {
      if (!held.current || (target instanceof Element && target.matches(held.current))) return;
      held.current = undefined;
    };
    for (const type of ["focusin", "pointerdown"]) document.addEventListener(type, letGo);
    return () => {
      for (const type of ["focusin", "pointerdown"]) document.removeEventListener(type, letGo);
    };
  }, []);
  useEffect(() => {
    if (held.current && isFocusLost()) root.current?.querySelector<HTMLElement>(held.current)?.focus();
  }, [board, root]);

  return {
    lastId,
    note: useHandler((card: Card) => setLastId(card.id)),
    keep: useHandler((id: string) => {
      setLastId(id);
      setWanted({ selector: `[data-card="${CSS.escape(id)}"]` });
    }),
    /** A card goes away: its neighbour takes over, else its column. */
    leave: useHandler((id: string) => {
      const column = board.columns.find(({ tasks }) => tasks.some((card) => card.id === id));
      const ids = [...(root.current?.querySelectorAll<HTMLElement>(`[data-column="${column?.id ?? ""}"] [data-card]`) ?? [])].map(
        (element) => element.dataset["card"] ?? "",
      );
      const at = ids.indexOf(id);
      const next = ids[at + 1] ?? ids[at - 1];
      setWanted({ selector: next ? `[data-card="${next}"]` : `[data-add="${column?.id ?? ""}"]` });
    }),
    toAdd: useHandler((columnId: string) => setWanted({ selector: `[data-add="${columnId}"]` })),
  };
}
