import { useVirtualizer } from "@tanstack/react-virtual";
import type { GitChange, GitFileDiff, GitStatus } from "@tesslate/contract";
import { ChevronRight, Minus, Plus, Undo2 } from "lucide-react";
import { useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { fileNameOf, parentOf } from "../../lib/file-tree.ts";
import { picked, pickOf, type SelectionMode, type Selection } from "../../lib/selection.ts";
import { treeMove } from "../../lib/tree-keys.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { FileLetter } from "../../ui/FileLetter.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Lines } from "../changes/index.ts";
import { chosenChanges, diffOf, kindOf, changeRowsOf, sectionNames, sectionOf, type ChangeRow, type Section } from "./changes.ts";

const rowPx = 26;
const touchRowPx = 44;

/**
 * Conflicting, staged and unstaged files. Keyboard: arrows, Home and End, Shift or Ctrl to select several, S or Space to stage and unstage,
 * Delete to discard. Only visible rows are rendered.
 */
export function ChangeList({
  status,
  staged,
  unstaged,
  selection,
  onSelection,
  onOpen,
  onStage,
  onUnstage,
  onDiscard,
}: {
  status: GitStatus;
  staged: readonly GitFileDiff[] | undefined;
  unstaged: readonly GitFileDiff[] | undefined;
  selection: Selection;
  onSelection: (selection: Selection) => void;
  /** Shows the hunks of the file on narrow screens. */
  onOpen: () => void;
  onStage: (changes: readonly GitChange[]) => void;
  onUnstage: (changes: readonly GitChange[]) => void;
  onDiscard: (changes: readonly GitChange[]) => void;
}) {
  const { changes } = status;
  const [closed, setClosed] = useState<ReadonlySet<Section>>(new Set());
  const rows = useMemo(() => changeRowsOf(changes, closed), [changes, closed]);
  const scroller = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const listId = useId();
  const height = useIsNarrow() ? touchRowPx : rowPx;
  const activeIndex = rows.findIndex((row) => row.node.path === selection.active);
  // The virtualizer is mutable by design; nothing here is memoized over it.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    getItemKey: (index) => rows[index]?.node.path ?? index,
  });
  useEffect(() => virtual.measure(), [virtual, height]);
  useEffect(() => {
    if (activeIndex >= 0) virtual.scrollToIndex(activeIndex, { align: "auto" });
  }, [activeIndex, virtual]);

  const pick = (key: string, how: SelectionMode = "only") => onSelection(picked(rows, selection, key, how));
  const toggle = (section: Section, isOpen: boolean) =>
    setClosed((last) => {
      const next = new Set(last);
      if (isOpen) next.delete(section);
      else next.add(section);
      return next;
    });
  /** What an action on this row applies to: the selection if the row is part of it, else only the row. */
  const subjectsOf = (row: ChangeRow): GitChange[] =>
    chosenChanges(changes, selection.paths.has(row.node.path) ? selection.paths : new Set([row.node.path]), row.section);
  const stageOrUnstage = (row: ChangeRow | undefined) => {
    if (!row || row.section === "conflicts") return;
    if (row.section === "staged") onUnstage(subjectsOf(row));
    else onStage(subjectsOf(row));
  };
  const discard = (row: ChangeRow | undefined) => {
    if (row?.section === "changes") onDiscard(subjectsOf(row));
  };
  const active = rows[activeIndex];
  useShortcuts({ "git.stage": () => stageOrUnstage(active), "git.discard": () => discard(active) }, grid);

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== grid.current || event.altKey) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") {
      event.preventDefault();
      return onSelection({ ...selection, paths: new Set(rows.map((row) => row.node.path)) });
    }
    if ((event.ctrlKey || event.metaKey) && event.key === " " && active) {
      event.preventDefault();
      return pick(active.node.path, "toggle");
    }
    if (event.ctrlKey || event.metaKey) return;
    if (event.key === " " && active) {
      event.preventDefault();
      return stageOrUnstage(active);
    }
    const step = treeMove(event.key, rows, activeIndex);
    if (!step) return;
    event.preventDefault();
    const target = rows[step.index];
    if (!target) return;
    if (step.kind === "go") pick(target.node.path, event.shiftKey ? "range" : "only");
    else if (!target.change) toggle(target.section, step.kind === "activate" ? !target.isOpen : step.kind === "open");
    else onOpen();
  };
  const click = (row: ChangeRow, event: MouseEvent) => {
    if ((event.target as Element).closest("button")) return;
    const how = pickOf(event);
    pick(row.node.path, how);
    if (how === "only") {
      if (row.change) onOpen();
      else toggle(row.section, !row.isOpen);
    }
    grid.current?.focus({ preventScroll: true });
  };

  return (
    <div ref={scroller} className="scroll-y min-h-0 flex-1 px-1.5 py-1.5">
      <div
        ref={grid}
        role="treegrid"
        aria-label="Changes"
        aria-rowcount={rows.length}
        aria-multiselectable
        aria-activedescendant={activeIndex >= 0 ? `${listId}-${activeIndex}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
        onFocus={() => {
          const first = rows.find((row) => row.change) ?? rows[0];
          if (activeIndex < 0 && first) pick(first.node.path);
        }}
        className="group/tree relative w-full outline-none"
        style={{ height: virtual.getTotalSize() }}
      >
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            <Row
              key={item.key}
              row={row}
              id={`${listId}-${item.index}`}
              index={item.index}
              height={height}
              top={item.start}
              isSelected={selection.paths.has(row.node.path)}
              isActive={item.index === activeIndex}
              lines={row.change && diffOf(row.change.staged ? staged : unstaged, row.change.path)}
              onClick={(event) => click(row, event)}
              onStage={() => stageOrUnstage(row)}
              onDiscard={() => discard(row)}
            />
          );
        })}
      </div>
    </div>
  );
}

function Row({
  row,
  id,
  index,
  height,
  top,
  isSelected,
  isActive,
  lines,
  onClick,
  onStage,
  onDiscard,
}: {
  row: ChangeRow;
  id: string;
  index: number;
  height: number;
  top: number;
  isSelected: boolean;
  isActive: boolean;
  lines: GitFileDiff | undefined;
  onClick: (event: MouseEvent) => void;
  onStage: () => void;
  onDiscard: () => void;
}) {
  const { change, section } = row;
  const subject = change ? change.path : counted(row.count, "change");
  const folder = change ? parentOf(change.path.replace(/\/$/, "")) : "";
  return (
    <div
      role="row"
      id={id}
      data-testid={change ? "change-row" : "change-section"}
      data-section={section}
      aria-level={row.level + 1}
      aria-rowindex={index + 1}
      aria-expanded={change ? undefined : row.isOpen}
      aria-selected={isSelected}
      className="absolute inset-x-0"
      style={{ height, transform: `translateY(${top}px)` }}
    >
      <div
        role="gridcell"
        tabIndex={-1}
        onClick={onClick}
        onKeyDown={undefined}
        title={change ? (change.old_path ? `${change.old_path} → ${change.path}` : change.path) : undefined}
        className={cx(
          "group/row flex h-full min-w-0 cursor-default items-center gap-1.75 rounded-2 pr-1.5 pl-1.5 text-xs select-none narrow:text-sm",
          isSelected ? "bg-bg-3" : "hover:bg-bg-2",
          isActive && "group-focus/tree:outline-2 group-focus/tree:-outline-offset-2 group-focus/tree:outline-focus",
        )}
      >
        {change ? (
          <>
            <FileLetter status={kindOf(change.status)} />
            <span className={cx("min-w-0 flex-none max-w-7/10 truncate text-fg-0", change.status === "D" && "text-fg-2 line-through")}>
              {fileNameOf(change.path.replace(/\/$/, ""))}
              {change.path.endsWith("/") ? "/" : ""}
            </span>
            <span className="min-w-0 flex-1 truncate text-2xs text-fg-2">{folder}</span>
            <span className={cx(section !== "conflicts" && "group-hover/row:hidden")}>
              {lines ? <Lines additions={lines.additions} deletions={lines.deletions} /> : null}
            </span>
          </>
        ) : (
          <>
            <ChevronRight
              size={14}
              className={cx("flex-none text-fg-3 transition-transform", row.isOpen && "rotate-90")}
              aria-hidden="true"
            />
            <span className={cx("font-medium", section === "conflicts" ? "text-err" : "text-fg-0")}>{sectionNames[section]}</span>
            <span className="num text-fg-2">{row.count}</span>
            <span className="flex-1" />
          </>
        )}
        {section === "conflicts" ? null : (
          <span className={cx("flex flex-none", change && "hidden group-hover/row:flex narrow:flex")}>
            {section === "changes" ? (
              <IconButton size="sm" tabIndex={-1} label={`Discard ${subject}`} onClick={onDiscard}>
                <Undo2 size={14} />
              </IconButton>
            ) : null}
            <IconButton size="sm" tabIndex={-1} label={section === "staged" ? `Unstage ${subject}` : `Stage ${subject}`} onClick={onStage}>
              {section === "staged" ? <Minus size={14} /> : <Plus size={14} />}
            </IconButton>
          </span>
        )}
      </div>
    </div>
  );
}

/** The change whose hunks are shown: the active one, else the first. */
export function shownChange(changes: readonly GitChange[], selection: Selection): GitChange | undefined {
  const found = changes.find((change) => `${sectionOf(change)}:${change.path}` === selection.active);
  if (found) return found;
  // The file moved to another section.
  const path = selection.active?.slice(selection.active.indexOf(":") + 1);
  return changes.find((change) => change.path === path) ?? changes[0];
}
