import { ArrowDown, ArrowUp, Bot, CalendarClock, Clock, Ellipsis, MessageSquare, PanelRightOpen, Trash2 } from "lucide-react";
import type { BoardColumn, Card } from "@tesslate/contract";
import { memo, useRef, type KeyboardEvent } from "react";
import { cx } from "../../lib/cx.ts";
import { formatNumber } from "../../lib/numbers.ts";
import { formatDay } from "../../lib/time.ts";
import { ariaKeys } from "../../lib/use-shortcuts.ts";
import { Avatar } from "../../ui/Avatar.tsx";
import { Chip } from "../../ui/Chip.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu, type MenuEntry } from "../../ui/Menu.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { dayOf, isFull, refOf, todayOf } from "./board.ts";
import { CardRunLine } from "./CardRunLine.tsx";
import { isCardRunActive } from "./CardRuns.tsx";
import { ColumnMark, priorityLooks, cardTypeLooks } from "./card-looks.tsx";
import { useDragCard } from "./drag.ts";

/** Actions on a card: by keyboard and menu; moving also by dragging. */
export interface CardActions {
  open: (card: Card) => void;
  moveTo: (card: Card, column: BoardColumn) => void;
  step: (card: Card, step: -1 | 1) => void;
  run: (card: Card) => void;
  openChat: (card: Card) => void;
  remove: (card: Card) => void;
}

export interface CardTileProps {
  card: Card;
  columns: readonly BoardColumn[];
  actions: CardActions;
  /** The one card in the tab order; arrow keys move from there. */
  isStop: boolean;
  isMenuOpen: boolean;
  onMenu: (card: Card, isOpen: boolean) => void;
  onFocus: (card: Card) => void;
}

export const CardTile = memo(({ card, columns, actions, isStop, isMenuOpen, onMenu, onFocus }: CardTileProps) => {
  const box = useRef<HTMLDivElement>(null);
  const isSaved = card.ref_number > 0;
  const { isLifted, edge } = useDragCard(box, card.board_id, card.id, card.column_id, isSaved);
  const type = card.task_type ? cardTypeLooks[card.task_type] : undefined;
  const priority = card.priority ? priorityLooks[card.priority] : undefined;
  const entries: MenuEntry[] = [
    ...columns
      .filter((column) => column.id !== card.column_id)
      .map((column) => ({
        label: column.name,
        icon: <ColumnMark color={column.color} />,
        ...(isFull(column, card.id) && { hint: `Full (limit: ${column.task_limit})`, isDisabled: true }),
        onSelect: () => actions.moveTo(card, column),
      })),
    "-",
    { label: "Move up", icon: <ArrowUp size={14} />, onSelect: () => actions.step(card, -1) },
    { label: "Move down", icon: <ArrowDown size={14} />, onSelect: () => actions.step(card, 1) },
    "-",
    { label: "Open card", icon: <PanelRightOpen size={14} />, onSelect: () => actions.open(card) },
    {
      label: "Run with agent",
      icon: <Bot size={14} />,
      ...(isCardRunActive(card.run) && { isDisabled: true, hint: "The agent is already working on this card" }),
      onSelect: () => actions.run(card),
    },
    ...(card.run ? [{ label: "Open chat", icon: <MessageSquare size={14} />, onSelect: () => actions.openChat(card) }] : []),
    { label: "Delete card", icon: <Trash2 size={14} />, isDanger: true, onSelect: () => actions.remove(card) },
  ];
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    actions.open(card);
  };
  return (
    <div
      ref={box}
      data-testid="board-card"
      className={cx(
        "group/card relative rounded-3 border border-line-0 bg-bg-1 px-2.5 pt-2 pb-2.5 shadow-1 hover:border-line-1 has-[[data-card]:focus-visible]:outline-2 has-[[data-card]:focus-visible]:outline-focus",
        isLifted && "opacity-40",
        edge && "after:absolute after:inset-x-0 after:h-0.5 after:rounded-full after:bg-fg-0",
        edge === "top" && "after:-top-1.25",
        edge === "bottom" && "after:-bottom-1.25",
      )}
    >
      <div
        role="button"
        tabIndex={isStop ? 0 : -1}
        aria-haspopup="dialog"
        aria-keyshortcuts={ariaKeys("board.menu")}
        data-card={card.id}
        onClick={() => isSaved && actions.open(card)}
        onKeyDown={onKeyDown}
        onFocus={() => onFocus(card)}
        className="outline-none before:absolute before:inset-0 before:rounded-3"
      >
        <div className="flex min-h-6 items-center gap-2 pr-6 text-2xs text-fg-2">
          <span className="font-mono">{isSaved ? refOf(card) : "Adding…"}</span>
          {priority && priority.tone !== "neutral" ? (
            <Pill tone={priority.tone} icon={priority.icon}>
              {priority.label}
            </Pill>
          ) : priority ? (
            <Pill isBare icon={priority.icon}>
              {priority.label}
            </Pill>
          ) : null}
        </div>
        <div className={cx("text-sm font-medium break-words text-fg-0", card.completed_at && "text-fg-2")}>{card.title}</div>
        {card.tags && card.tags.length > 0 ? (
          <div className="mt-1.5 flex flex-wrap gap-1">
            {card.tags.slice(0, 4).map((tag) => (
              <Chip key={tag} className="max-w-full">
                <span className="truncate">{tag}</span>
              </Chip>
            ))}
            {card.tags.length > 4 ? <Chip>+{card.tags.length - 4}</Chip> : null}
          </div>
        ) : null}
        {type || card.due_date || card.estimate_hours !== null || card.assignee ? (
          <div className="mt-2 flex min-h-5.5 items-center gap-2 text-2xs text-fg-2 [&_svg]:flex-none">
            <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-3 gap-y-1">
              {type ? (
                <span className="flex items-center gap-1">
                  {type.icon}
                  {type.label}
                </span>
              ) : null}
              <DueDate card={card} />
              {card.estimate_hours === null ? null : (
                <span className="num flex items-center gap-1">
                  <Clock size={12} />
                  {card.spent_hours
                    ? `${formatNumber(card.spent_hours)} of ${formatNumber(card.estimate_hours)} h`
                    : `${formatNumber(card.estimate_hours)} h`}
                </span>
              )}
            </div>
            {card.assignee ? <Avatar name={card.assignee.name} /> : null}
          </div>
        ) : null}
      </div>
      {card.run ? <CardRunLine run={card.run} isStop={isStop} onOpen={() => actions.openChat(card)} /> : null}
      {isSaved ? (
        <span className="absolute top-1.5 right-1.5">
          <Menu
            label={`Move ${refOf(card)} to`}
            align="end"
            isOpen={isMenuOpen}
            onOpenChange={(isOpen) => onMenu(card, isOpen)}
            head={<div className="px-2 pt-1 pb-0.5 text-xs text-fg-2">Move to</div>}
            entries={entries}
            trigger={
              <IconButton
                label={`Actions for ${refOf(card)}`}
                tooltipSide="none"
                size="sm"
                tabIndex={isStop ? 0 : -1}
                className="bg-bg-1 opacity-0 group-hover/card:opacity-100 focus-visible:opacity-100 data-[state=open]:opacity-100 group-has-[[data-card]:focus-visible]/card:opacity-100 narrow:opacity-100"
              >
                <Ellipsis size={14} />
              </IconButton>
            }
          />
        </span>
      ) : null}
    </div>
  );
});

function DueDate({ card }: { card: Card }) {
  const day = dayOf(card.due_date);
  if (day === "") return null;
  const today = todayOf();
  const isLate = card.completed_at === null && day < today;
  const isToday = card.completed_at === null && day === today;
  return (
    <span className={cx("num flex items-center gap-1", isLate ? "text-err" : isToday ? "text-warn" : undefined)}>
      <CalendarClock size={12} />
      {isLate ? "Overdue, " : isToday ? "Today, " : ""}
      <time dateTime={day}>{formatDay(day)}</time>
    </span>
  );
}
