import type { Card } from "@tesslate/contract";
import { useEffect, type RefObject } from "react";
import { useHandler } from "../../lib/use-handler.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";

export interface BoardKeyActions {
  cardOf: (id: string) => Card | undefined;
  search: () => void;
  /** In the column the keyboard stands in, if it stands in one. */
  add: (columnId: string | undefined) => void;
  menu: (card: Card) => void;
  run: (card: Card) => void;
  step: (card: Card, step: -1 | 1) => void;
  /** To the column beside. */
  shift: (card: Card, step: -1 | 1) => void;
  remove: (card: Card) => void;
}

/** Where a press of `key` leads from `from`: along the column, or to the same height in the next one. */
function neighbour(root: HTMLElement, from: HTMLElement, key: string): HTMLElement | undefined {
  const columns = [...root.querySelectorAll<HTMLElement>("[data-column]")].map((column) => [
    ...column.querySelectorAll<HTMLElement>("[data-card]"),
    ...column.querySelectorAll<HTMLElement>("[data-add]"),
  ]);
  const x = columns.findIndex((stops) => stops.includes(from));
  const y = columns[x]?.indexOf(from) ?? -1;
  if (y < 0) return undefined;
  switch (key) {
    case "ArrowUp":
      return columns[x]?.[y - 1];
    case "ArrowDown":
      return columns[x]?.[y + 1];
    case "ArrowLeft":
    case "ArrowRight": {
      const next = columns[x + (key === "ArrowLeft" ? -1 : 1)];
      return next?.[Math.min(y, Math.max(0, next.length - 2))];
    }
    case "Home":
      return columns[x]?.[0];
    case "End":
      return columns[x]?.at(-2) ?? columns[x]?.at(-1);
    default:
      return undefined;
  }
}

/** Arrows walk over the cards; the registry's keys act on the one that has the focus. */
export function useBoardKeys(root: RefObject<HTMLElement | null>, actions: BoardKeyActions): void {
  const onKeyDown = useHandler((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.shiftKey || event.altKey || event.metaKey || event.ctrlKey || !root.current) return;
    const from = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>("[data-card], [data-add]") : null;
    const next = from && from === event.target ? neighbour(root.current, from, event.key) : undefined;
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.scrollIntoView({ block: "nearest", inline: "nearest" });
  });
  useEffect(() => {
    const element = root.current;
    element?.addEventListener("keydown", onKeyDown);
    return () => element?.removeEventListener("keydown", onKeyDown);
  }, [root, onKeyDown]);

  const withCard = (callback: (card: Card) => void) => (event: KeyboardEvent) => {
    const tile = event.target instanceof HTMLElement ? event.target.closest("[data-testid='board-card']") : undefined;
    const id = tile?.querySelector<HTMLElement>("[data-card]")?.dataset["card"];
    const card = id === undefined ? undefined : actions.cardOf(id);
    if (card) callback(card);
  };
  useShortcuts(
    {
      "board.search": actions.search,
      "board.new": (event) =>
        actions.add(
          event.target instanceof HTMLElement ? event.target.closest<HTMLElement>("[data-column]")?.dataset["column"] : undefined,
        ),
      "board.menu": withCard(actions.menu),
      "board.run": withCard(actions.run),
      "board.up": withCard((card) => actions.step(card, -1)),
      "board.down": withCard((card) => actions.step(card, 1)),
      "board.left": withCard((card) => actions.shift(card, -1)),
      "board.right": withCard((card) => actions.shift(card, 1)),
      "board.delete": withCard(actions.remove),
    },
    root,
  );
}
