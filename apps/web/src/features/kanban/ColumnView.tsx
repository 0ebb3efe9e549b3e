import { ArrowLeft, ArrowRight, Ellipsis, Pencil, Plus, Trash2 } from "lucide-react";
import type { BoardColumn, Card } from "@tesslate/contract";
import { memo, useEffect, useRef, useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { fullSentence, isFull } from "./board.ts";
import { ColumnMark } from "./card-looks.tsx";
import { CardTile, type CardActions } from "./CardTile.tsx";
import { useDragColumn } from "./drag.ts";

export interface ColumnActions {
  add: (column: BoardColumn, title: string) => void;
  edit: (column: BoardColumn) => void;
  step: (column: BoardColumn, step: -1 | 1) => void;
  remove: (column: BoardColumn) => void;
}

export interface ColumnViewProps {
  boardId: string;
  column: BoardColumn;
  columns: readonly BoardColumn[];
  /** The cards that match the filter. */
  cards: readonly Card[];
  isFiltered: boolean;
  stopId: string | undefined;
  menuId: string | undefined;
  isAdding: boolean;
  onAdding: (columnId: string | undefined) => void;
  onMenu: (card: Card, isOpen: boolean) => void;
  onFocusCard: (card: Card) => void;
  cardActions: CardActions;
  actions: ColumnActions;
}

export const ColumnView = memo((props: ColumnViewProps) => {
  const { boardId, column, columns, cards, isFiltered, stopId, menuId, isAdding, onAdding, onMenu, onFocusCard, cardActions, actions } =
    props;
  const box = useRef<HTMLElement>(null);
  const head = useRef<HTMLDivElement>(null);
  const { isLifted, edge, over } = useDragColumn(box, head, boardId, column.id);
  const isRefusing = over !== undefined && isFull(column, over);
  const at = columns.findIndex((known) => known.id === column.id);
  const limit = column.task_limit;
  const count = column.tasks.length;
  return (
    <section
      ref={box}
      aria-label={`${column.name}, ${counted(count, "card")}`}
      data-column={column.id}
      className={cx(
        "relative flex max-h-full w-68 flex-none snap-start flex-col rounded-3 bg-bg-2 narrow:w-column",
        isLifted && "opacity-40",
        over !== undefined && (isRefusing ? "outline-1 outline-err outline-dashed" : "outline-1 outline-line-1"),
        edge && "before:absolute before:inset-y-0 before:w-0.5 before:rounded-full before:bg-fg-0",
        edge === "left" && "before:-left-1.25",
        edge === "right" && "before:-right-1.25",
      )}
    >
      <div ref={head} className="flex h-9 flex-none items-center gap-2 pr-1 pl-2.5 narrow:h-12">
        <ColumnMark color={column.color} />
        <h2 className="min-w-0 truncate text-sm font-medium" title={column.description ?? undefined}>
          {column.name}
        </h2>
        <span className={cx("num flex-none text-2xs", limit !== null && count > limit ? "text-err" : "text-fg-2")}>
          {isFiltered && cards.length !== count ? `${cards.length} of ${count}` : count}
          {limit === null ? null : (
            <span>
              {" / "}
              {limit}
              {count >= limit ? <span className="pl-1">full</span> : null}
            </span>
          )}
        </span>
        <span className="flex-1" />
        <IconButton label={`Add card to ${column.name}`} size="sm" onClick={() => onAdding(column.id)}>
          <Plus size={14} />
        </IconButton>
        <Menu
          label={`Column ${column.name}`}
          align="end"
          entries={[
            { label: "Edit column", icon: <Pencil size={14} />, onSelect: () => actions.edit(column) },
            { label: "Move left", icon: <ArrowLeft size={14} />, isDisabled: at === 0, onSelect: () => actions.step(column, -1) },
            {
              label: "Move right",
              icon: <ArrowRight size={14} />,
              isDisabled: at === columns.length - 1,
              onSelect: () => actions.step(column, 1),
            },
            "-",
            {
              label: "Delete column",
              icon: <Trash2 size={14} />,
              isDanger: true,
              ...(columns.length === 1 && { isDisabled: true, hint: "A board needs at least one column" }),
              onSelect: () => actions.remove(column),
            },
          ]}
          trigger={
            <IconButton label={`Actions for column ${column.name}`} tooltipSide="none" size="sm">
              <Ellipsis size={14} />
            </IconButton>
          }
        />
      </div>
      {isRefusing ? <p className="px-2.5 pb-2 text-xs text-err">{fullSentence(column)}</p> : null}
      <div className="scroll-y min-h-0 flex-1 px-1.5 pb-1">
        {cards.length > 0 ? (
          <ul aria-label={`Cards in ${column.name}`} className="grid gap-2 py-0.5">
            {cards.map((card) => (
              <li key={card.id}>
                <CardTile
                  card={card}
                  columns={columns}
                  actions={cardActions}
                  isStop={card.id === stopId}
                  isMenuOpen={card.id === menuId}
                  onMenu={onMenu}
                  onFocus={onFocusCard}
                />
              </li>
            ))}
          </ul>
        ) : isAdding ? null : (
          <p className="px-1 py-2 text-xs text-fg-2">{isFiltered && count > 0 ? "No matching cards" : "No cards"}</p>
        )}
        {isAdding ? <NewCard column={column} onAdd={actions.add} onClose={() => onAdding(undefined)} /> : null}
      </div>
      {isAdding ? null : (
        <button
          type="button"
          data-add={column.id}
          onClick={() => onAdding(column.id)}
          className="m-1 mt-0 flex h-7 flex-none items-center gap-1.5 rounded-2 px-1.5 text-xs text-fg-2 hover:bg-bg-3 hover:text-fg-0 narrow:h-11"
        >
          <Plus size={14} />
          Add card
        </button>
      )}
    </section>
  );
});

/** Enter adds the card and clears the field for the next one. */
function NewCard({ column, onAdd, onClose }: { column: BoardColumn; onAdd: ColumnActions["add"]; onClose: () => void }) {
  const [title, setTitle] = useState("");
  const input = useRef<HTMLTextAreaElement>(null);
  const box = useRef<HTMLFormElement>(null);
  useEffect(() => {
    input.current?.focus();
    box.current?.scrollIntoView({ block: "nearest" });
  }, [column.tasks.length]);
  const isFullNow = isFull(column);
  const add = () => {
    const text = title.trim();
    if (text === "" || isFullNow) return;
    onAdd(column, text);
    setTitle("");
  };
  return (
    <form
      ref={box}
      className="grid gap-1.5 py-1"
      onSubmit={(event) => {
        event.preventDefault();
        add();
      }}
    >
      <textarea
        ref={input}
        aria-label={`Title of new card in ${column.name}`}
        rows={2}
        maxLength={500}
        value={title}
        placeholder="What needs to be done?"
        onBlur={(event) => {
          if (title.trim() === "" && box.current?.contains(event.relatedTarget) !== true) onClose();
        }}
        onChange={(event) => setTitle(event.target.value.replaceAll("\n", " "))}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return;
          if (event.key === "Enter") {
            event.preventDefault();
            add();
          } else if (event.key === "Escape") {
            event.stopPropagation();
            onClose();
          }
        }}
        className="field-sizing-content w-full resize-none rounded-3 border border-line-1 bg-bg-1 px-2.5 py-2 text-sm text-fg-0 focus-visible:outline-2 focus-visible:-outline-offset-1 narrow:text-lg"
      />
      {isFullNow ? (
        <p role="alert" className="text-xs text-err">
          {fullSentence(column)}
        </p>
      ) : null}
      <div className="flex gap-1.5">
        <Button size="sm" type="submit" disabled={title.trim() === "" || isFullNow}>
          Add card
        </Button>
        <Button size="sm" variant="ghost" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
