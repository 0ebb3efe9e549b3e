import { useRef, type MouseEvent } from "react";
import { cx } from "../../lib/cx.ts";
import type { TreeRow } from "../../lib/file-tree.ts";
import { FileIcon, FolderIcon } from "../../ui/FileIcon.tsx";
import { ContextMenu, type MenuEntry } from "../../ui/Menu.tsx";
import { FilePeople } from "../presence/index.ts";
import { NameForm } from "./NameForm.tsx";
import { useTreeRowDrag } from "./use-tree-drag.ts";

/** The Git status of a file; without a repository, its change since the last run. */
export type FileMark = "A" | "M" | "D" | "U" | "!";
const marks: Record<FileMark, { name: string; ink: string }> = {
  A: { name: "added", ink: "text-ok" },
  M: { name: "modified", ink: "text-warn" },
  D: { name: "deleted", ink: "text-err" },
  U: { name: "untracked", ink: "text-ok" },
  "!": { name: "conflict", ink: "text-err" },
};

export interface TreeRowViewProps {
  row: TreeRow;
  id: string;
  index: number;
  height: number;
  top: number;
  mark: FileMark | undefined;
  isOpenFile: boolean;
  isSelected: boolean;
  isActive: boolean;
  isDropTarget: boolean;
  entries: readonly MenuEntry[];
  /** Set while it is renamed. */
  renaming: { onSubmit: (name: string) => Promise<string | undefined>; onCancel: () => void } | undefined;
  onClick: (event: MouseEvent) => void;
  onEnter: () => void;
  onMenu: () => void;
}

/** One file or folder in the tree. */
export function TreeRowView({ row, id, index, height, top, mark, entries, renaming, ...rest }: TreeRowViewProps) {
  const { node } = row;
  const cell = useRef<HTMLDivElement>(null);
  // A draggable element around the name field would keep the mouse from selecting text in it.
  useTreeRowDrag(cell, node.path, !renaming);
  return (
    <div
      role="row"
      id={id}
      data-testid="file-row"
      aria-level={row.level + 1}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-rowindex={index + 1}
      aria-expanded={node.isDirectory ? row.isOpen : undefined}
      aria-selected={rest.isSelected}
      aria-current={rest.isOpenFile ? "page" : undefined}
      className="absolute inset-x-0"
      style={{ height, transform: `translateY(${top}px)` }}
    >
      <ContextMenu entries={entries}>
        <div
          ref={cell}
          role="gridcell"
          tabIndex={-1}
          onKeyDown={(event) => event.key === "Enter" && event.target === event.currentTarget && rest.onEnter()}
          onContextMenu={rest.onMenu}
          onClick={(event) => {
            // Ignore clicks in the name field.
            if (!(event.target instanceof HTMLInputElement)) rest.onClick(event);
          }}
          title={node.path}
          className={cx(
            "flex h-full min-w-0 cursor-default items-center gap-1.75 rounded-2 pr-2 text-xs select-none narrow:text-sm",
            rest.isDropTarget ? "bg-brand-soft" : rest.isSelected ? "bg-bg-3" : "hover:bg-bg-2",
            rest.isOpenFile ? "font-medium text-fg-0" : "text-fg-1",
            rest.isActive && "group-focus/tree:outline-2 group-focus/tree:-outline-offset-2 group-focus/tree:outline-focus",
          )}
          style={{ paddingLeft: 8 + row.level * 14 }}
        >
          {node.isDirectory ? <FolderIcon isOpen={row.isOpen} /> : <FileIcon name={node.name} />}
          {renaming ? (
            <NameForm label={`New name of ${node.name}`} initial={node.name} isInline {...renaming} />
          ) : (
            <span className={cx("min-w-0 truncate", mark === "D" && "text-fg-2 line-through")}>{node.name}</span>
          )}
          <span className="ml-auto flex-none">{node.isDirectory ? null : <FilePeople path={node.path} />}</span>
          {mark ? (
            <span
              aria-label={marks[mark].name}
              title={marks[mark].name}
              className={cx("w-2.5 flex-none font-mono text-2xs font-semibold", marks[mark].ink)}
            >
              {mark}
            </span>
          ) : null}
        </div>
      </ContextMenu>
    </div>
  );
}
