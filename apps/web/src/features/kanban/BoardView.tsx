import { useLocation, useNavigate } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import type { Board, BoardColumn, Card, UserRef } from "@tesslate/contract";
import { useMemo, useRef, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { ariaKeys } from "../../lib/use-shortcuts.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { Button } from "../../ui/Button.tsx";
import { Kbd } from "../../ui/Kbd.tsx";
import { Bar } from "../../ui/Panel.tsx";
import { toast } from "../../ui/toast.tsx";
import { cardsOf, columnOf, dropPosition, fullSentence, isFiltering, isFull, matches, noFilter, refOf, stepPosition } from "./board.ts";
import { BoardFilter } from "./BoardFilter.tsx";
import { CardSheet } from "./CardSheet.tsx";
import type { CardActions } from "./CardTile.tsx";
import { ColumnDialog, DeleteColumnDialog } from "./ColumnDialogs.tsx";
import { ColumnView, type ColumnActions } from "./ColumnView.tsx";
import { useDrops } from "./drag.ts";
import { NewColumn } from "./NewColumn.tsx";
import { useBoardFilter } from "./use-board-filter.ts";
import { useBoardKeys } from "./use-board-keys.ts";
import { useCardFocus } from "./use-card-focus.ts";
import type { BoardActions } from "./use-board.ts";

export interface BoardViewProps {
  projectId: string;
  board: Board;
  /** Cards whose deletion can still be undone. */
  hidden: ReadonlySet<string>;
  me: UserRef;
  actions: BoardActions;
  openChat: (chatId: string) => void;
}

/** Columns and cards, usable by pointer, keyboard and menu. The URL has the open card: `#TSK-0012`. */
export function BoardView({ projectId, board, hidden, me, actions, openChat }: BoardViewProps) {
  const root = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  const hash = useLocation({ select: (location) => location.hash });
  const [filter, setFilter] = useBoardFilter();
  const [addingTo, setAddingTo] = useState<string>();
  const [menuId, setMenuId] = useState<string>();
  const [dialog, setDialog] = useState<{ kind: "edit" | "delete"; columnId: string }>();
  const focus = useCardFocus(root, board);

  const isVisible = useHandler((card: Card) => !hidden.has(card.id) && matches(card, filter));
  const isFiltered = isFiltering(filter);
  const shown = useMemo(
    () => new Map(board.columns.map((column) => [column.id, column.tasks.filter((card) => !hidden.has(card.id) && matches(card, filter))])),
    [board, hidden, filter],
  );
  const all = cardsOf(board).filter((card) => !hidden.has(card.id));
  const shownCount = [...shown.values()].reduce((sum, cards) => sum + cards.length, 0);
  const openCard = all.find((card) => refOf(card) === hash);
  const stopId = all.find((card) => card.id === focus.lastId && isVisible(card))?.id ?? [...shown.values()].flat()[0]?.id;
  const columnById = (id: string) => board.columns.find((column) => column.id === id);

  const place = (card: Card, column: BoardColumn, position: number) => {
    if (isFull(column, card.id)) return toast(fullSentence(column), { kind: "failed" });
    const from = columnOf(board, card.id);
    if (from?.id === column.id && column.tasks.findIndex((other) => other.id === card.id) === position) return undefined;
    actions.moveCard(card.id, column.id, position);
    return undefined;
  };
  const close = useHandler(() => {
    if (openCard) focus.keep(openCard.id);
    void navigate({ to: ".", search: true, hash: "", replace: true });
  });
  const cardActions: CardActions = {
    open: useHandler((card) => void navigate({ to: ".", search: true, hash: refOf(card), replace: true })),
    moveTo: useHandler((card, column) => {
      // The menu does not move with the card.
      setMenuId(undefined);
      place(card, column, dropPosition(column, card.id, isVisible));
      focus.keep(card.id);
    }),
    step: useHandler((card, step) => {
      const column = columnOf(board, card.id);
      const position = column && stepPosition(column, card.id, isVisible, step);
      if (column && position !== undefined) place(card, column, position);
      focus.keep(card.id);
    }),
    run: useHandler((card) => void actions.runCard(card)),
    openChat: useHandler((card) => {
      if (card.run) openChat(card.run.chat_id);
    }),
    remove: useHandler((card) => {
      focus.leave(card.id);
      actions.deleteCard(card);
    }),
  };
  const columnActions: ColumnActions = {
    add: useHandler((column, title) => void actions.addCard(column, title)),
    edit: useHandler((column) => setDialog({ kind: "edit", columnId: column.id })),
    step: useHandler((column, step) => actions.moveColumn(column.id, column.position + step)),
    remove: useHandler((column) => setDialog({ kind: "delete", columnId: column.id })),
  };
  const onMenu = useHandler((card: Card, isOpen: boolean) => setMenuId(isOpen ? card.id : undefined));
  const startAdding = useHandler((columnId: string | undefined) => {
    setAddingTo(columnId);
    if (columnId === undefined && addingTo !== undefined) focus.toAdd(addingTo);
  });

  useDrops(board.id, {
    onCard: (cardId, columnId, at) => {
      const [card, column] = [all.find((known) => known.id === cardId), columnById(columnId)];
      if (card && column) place(card, column, dropPosition(column, cardId, isVisible, at));
    },
    onColumn: (columnId, targetId, edge) => {
      const others = board.columns.filter((column) => column.id !== columnId);
      actions.moveColumn(columnId, others.findIndex((column) => column.id === targetId) + (edge === "right" ? 1 : 0));
    },
  });
  useBoardKeys(root, {
    cardOf: (id) => all.find((card) => card.id === id),
    search: () => search.current?.focus(),
    add: (columnId) => setAddingTo(columnId ?? columnOf(board, stopId ?? "")?.id ?? board.columns[0]?.id),
    menu: (card) => setMenuId(card.id),
    run: cardActions.run,
    step: cardActions.step,
    shift: (card, step) => {
      const at = board.columns.findIndex((column) => column.id === card.column_id);
      const next = board.columns[at + step];
      if (next) cardActions.moveTo(card, next);
    },
    remove: cardActions.remove,
  });

  const dialogColumn = dialog && columnById(dialog.columnId);
  return (
    <div ref={root} role="region" aria-label="Board" className="flex min-h-0 flex-1 flex-col">
      <Bar label="Board" className="gap-2 px-3">
        <BoardFilter board={board} me={me} filter={filter} onChange={setFilter} searchRef={search} />
        <span className="flex-1" />
        <Button
          className="narrow:hidden"
          icon={<Plus size={14} />}
          keys={<Kbd>N</Kbd>}
          aria-keyshortcuts={ariaKeys("board.new")}
          onClick={() => setAddingTo((board.columns.find((column) => column.is_backlog) ?? board.columns[0])?.id)}
        >
          New card
        </Button>
      </Bar>
      {isFiltered ? (
        <div role="status" className="flex flex-none items-center gap-2 px-3 pb-2 text-xs text-fg-1">
          <span className="num">
            Showing {shownCount} of {counted(all.length, "card")}
          </span>
          <Button size="sm" variant="ghost" onClick={() => setFilter(noFilter)}>
            Clear filters
          </Button>
        </div>
      ) : null}
      <div className="flex min-h-0 flex-1 snap-x scroll-px-3 items-start gap-2 overflow-x-auto px-3 pb-3 [scrollbar-width:thin] wide:snap-none">
        {board.columns.map((column) => (
          <ColumnView
            key={column.id}
            boardId={board.id}
            column={column}
            columns={board.columns}
            cards={shown.get(column.id) ?? []}
            isFiltered={isFiltered}
            stopId={stopId}
            menuId={menuId}
            isAdding={addingTo === column.id}
            onAdding={startAdding}
            onMenu={onMenu}
            onFocusCard={focus.note}
            cardActions={cardActions}
            actions={columnActions}
          />
        ))}
        <NewColumn onAdd={actions.addColumn} />
      </div>
      {openCard ? (
        <CardSheet
          projectId={projectId}
          card={openCard}
          board={board}
          me={me}
          actions={actions}
          onClose={close}
          onOpenChat={(chatId) => {
            close();
            openChat(chatId);
          }}
        />
      ) : null}
      {dialogColumn && dialog.kind === "edit" ? (
        <ColumnDialog
          key={dialogColumn.id}
          column={dialogColumn}
          onClose={() => setDialog(undefined)}
          onSave={(change) => actions.updateColumn(dialogColumn.id, change)}
        />
      ) : null}
      {dialogColumn && dialog.kind === "delete" ? (
        <DeleteColumnDialog
          key={dialogColumn.id}
          column={dialogColumn}
          others={board.columns.filter((column) => column.id !== dialogColumn.id)}
          onClose={() => setDialog(undefined)}
          onDelete={(moveTo) => actions.deleteColumn(dialogColumn.id, moveTo)}
        />
      ) : null}
    </div>
  );
}
