import { useVirtualizer } from "@tanstack/react-virtual";
import { FilePlus2, FolderPlus, Search } from "lucide-react";
import { Suspense, useDeferredValue, useEffect, useId, useMemo, useRef, useState, type KeyboardEvent, type MouseEvent } from "react";
import { lazyComponent } from "../../lib/chunks.ts";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { ancestorsOf, filteredRows, parentOf, trimPath, visibleRows, type FileTree, type TreeRow } from "../../lib/file-tree.ts";
import { noSelection, picked, pickOf, subjectsOf, type SelectionMode } from "../../lib/selection.ts";
import { treeMove } from "../../lib/tree-keys.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import type { MenuEntry } from "../../ui/Menu.tsx";
import { toast } from "../../ui/toast.tsx";
import { DeleteFilesDialog } from "./DeleteFilesDialog.tsx";
import { NameForm } from "./NameForm.tsx";
import { removalOf, type Removal } from "./trash.ts";
import { TreeRowView, type FileMark } from "./TreeRowView.tsx";
import { UploadMenu } from "./UploadMenu.tsx";
import { UploadRows } from "./UploadRows.tsx";
import type { FileActions } from "./use-file-actions.ts";
import { useTreeDrag } from "./use-tree-drag.ts";
import type { Uploads } from "./use-uploads.ts";

const MoveDialog = lazyComponent(async () => (await import("./MoveDialog.tsx")).MoveDialog);

const rowHeight = 26;
const touchRowHeight = 40;

type Editing = { kind: "rename"; path: string } | { kind: "file" | "folder"; parent: string };
function newLabel(kind: "file" | "folder", parent: string): string {
  if (parent === "") return kind === "file" ? "New file in project root" : "New folder in project root";
  return kind === "file" ? `New file in ${parent}` : `New folder in ${parent}`;
}

export interface FileTreePanelProps {
  tree: FileTree;
  actions: FileActions;
  uploads: Uploads;
  /** The file in the editor. */
  openPath: string | undefined;
  onOpen: (path: string) => void;
  marks: ReadonlyMap<string, FileMark>;
}

/**
 * The project's files. Keyboard: arrows, Home, End, Enter, F2, M, Delete, and Shift or Ctrl to select several. Only visible rows are
 * rendered. Everything that dragging does is in the menu of a row too.
 */
export function FileTreePanel({ tree, actions, uploads, openPath, onOpen, marks }: FileTreePanelProps) {
  const [openPaths, setOpenPaths] = useState<ReadonlySet<string>>(() => new Set(["src"]));
  const [selection, setSelection] = useState(noSelection);
  const [filter, setFilter] = useState("");
  const query = useDeferredValue(filter.trim());
  const [editing, setEditing] = useState<Editing>();
  const [deleting, setDeleting] = useState<Removal>();
  const [moving, setMoving] = useState<readonly string[]>();
  const panel = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const treeId = useId();

  const rows = useMemo(() => (query ? filteredRows(tree, query) : visibleRows(tree, openPaths)), [tree, query, openPaths]);
  const { active } = selection;
  const activeIndex = rows.findIndex((row) => row.node.path === active);
  const isTouch = useIsNarrow();
  const height = isTouch ? touchRowHeight : rowHeight;
  // The virtualiser is a mutable object on purpose; nothing here is memoised over it.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 12,
    getItemKey: (index) => rows[index]?.node.path ?? index,
  });
  useEffect(() => virtual.measure(), [virtual, height]);

  const pick = (path: string, how: SelectionMode = "only") => setSelection((last) => picked(rows, last, path, how));
  // A file opened from elsewhere is shown in the tree.
  const [revealed, setRevealed] = useState<string>();
  if (openPath && openPath !== revealed) {
    setRevealed(openPath);
    pick(openPath);
    const above = ancestorsOf(openPath);
    if (above.some((path) => !openPaths.has(path))) setOpenPaths(new Set([...openPaths, ...above]));
  }
  useEffect(() => {
    if (activeIndex >= 0) virtual.scrollToIndex(activeIndex, { align: "auto" });
  }, [activeIndex, virtual]);

  const toggle = (path: string, isOpen: boolean) =>
    setOpenPaths((last) => {
      const next = new Set(last);
      if (isOpen) next.add(path);
      else next.delete(path);
      return next;
    });
  const activate = (row: TreeRow) => {
    if (row.node.isDirectory) toggle(row.node.path, !row.isOpen);
    else onOpen(row.node.path);
  };
  const folderOf = (path: string | undefined) => (path === undefined ? "" : tree.nodes.get(path)?.isDirectory ? path : parentOf(path));
  const click = (row: TreeRow, event: MouseEvent) => {
    const how = pickOf(event);
    pick(row.node.path, how);
    if (how === "only") activate(row);
    grid.current?.focus({ preventScroll: true });
  };
  const remove = (paths: readonly string[]) => {
    const removal = removalOf(tree, paths);
    if (!removal.isUndoable) return setDeleting(removal);
    // Select the next row that is not deleted.
    const isGone = (row: TreeRow) => paths.some((path) => row.node.path === path || row.node.path.startsWith(`${path}/`));
    const next = rows.slice(activeIndex + 1).find((row) => !isGone(row)) ?? rows.slice(0, activeIndex).findLast((row) => !isGone(row));
    setSelection(next ? picked(rows, noSelection, next.node.path, "only") : noSelection);
    void actions.remove(removal).catch((error: unknown) => toast(`Couldn't delete files. ${(error as Error).message}`, { kind: "failed" }));
  };
  const move = async (paths: readonly string[], folder: string) => {
    const failure = await actions.moveInto(paths, folder);
    if (failure) toast(failure, { kind: "failed" });
  };
  const begin = (kind: "file" | "folder", near: string | undefined) => {
    const parent = folderOf(near);
    if (parent) setOpenPaths(new Set([...openPaths, ...ancestorsOf(parent), parent]));
    setEditing({ kind, parent });
  };
  const drag = useTreeDrag(panel, {
    tree,
    subjects: (path) => subjectsOf(selection, path),
    onMove: (paths, folder) => void move(paths, folder),
    onFiles: uploads.add,
    onHold: (folder) => toggle(folder, true),
  });

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== grid.current || event.altKey) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a") {
      event.preventDefault();
      return setSelection((last) => ({ ...last, paths: new Set(rows.map((row) => row.node.path)) }));
    }
    const row = rows[activeIndex];
    if ((event.ctrlKey || event.metaKey) && event.key === " " && row) {
      event.preventDefault();
      return pick(row.node.path, "toggle");
    }
    if (event.key === "Escape" && selection.paths.size > 1 && active) return pick(active);
    if (event.ctrlKey || event.metaKey) return;
    const step = treeMove(event.key, rows, activeIndex);
    if (!step) return;
    event.preventDefault();
    const target = rows[step.index];
    if (!target) return;
    if (step.kind === "go") pick(target.node.path, event.shiftKey ? "range" : "only");
    else if (step.kind === "open") toggle(target.node.path, true);
    else if (step.kind === "close") toggle(target.node.path, false);
    else activate(target);
  };
  useShortcuts(
    {
      "tree.rename": () => active && setEditing({ kind: "rename", path: active }),
      "tree.delete": () => active && remove(subjectsOf(selection, active)),
      "tree.move": () => active && setMoving(subjectsOf(selection, active)),
    },
    grid,
  );
  const leaveEditing = () => {
    setEditing(undefined);
    grid.current?.focus();
  };
  const rename = async (row: TreeRow, name: string) => {
    const { path } = row.node;
    const parent = parentOf(path);
    const to = trimPath(parent ? `${parent}/${name}` : name);
    const failure = to === path ? undefined : await actions.rename(path, to);
    if (failure) return failure;
    pick(to);
    leaveEditing();
    return undefined;
  };
  const create = async (kind: "file" | "folder", parent: string, name: string) => {
    const path = trimPath(parent ? `${parent}/${name}` : name);
    const failure = await (kind === "file" ? actions.createFile(path) : actions.createFolder(path));
    if (failure) return failure;
    pick(path);
    leaveEditing();
    if (kind === "file") onOpen(path);
    return undefined;
  };

  const entriesOf = (path: string): MenuEntry[] => {
    const subjects = subjectsOf(selection, path);
    const many = subjects.length > 1 ? counted(subjects.length, "item") : undefined;
    return [
      { label: "New file", onSelect: () => begin("file", path) },
      { label: "New folder", onSelect: () => begin("folder", path) },
      "-",
      ...(many ? [] : [{ label: "Rename", onSelect: () => setEditing({ kind: "rename", path }) }]),
      { label: many ? `Move ${many} to…` : "Move to…", onSelect: () => setMoving(subjects) },
      { label: "Copy path", onSelect: () => void navigator.clipboard.writeText(path) },
      "-",
      { label: many ? `Delete ${many}` : "Delete", isDanger: true, onSelect: () => remove(subjects) },
    ];
  };
  return (
    <section aria-label="Files" className="h-full min-h-0">
      <div ref={panel} className="flex h-full min-h-0 flex-col">
        <div className="flex flex-none items-center gap-1 p-1.5">
          <Input
            size="sm"
            isSoft
            boxClassName="min-w-0 shrink"
            className="min-w-0"
            leading={<Search size={14} className="flex-none text-fg-3" />}
            aria-label="Filter files"
            placeholder="Filter"
            value={filter}
            onChange={(event) => setFilter(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Escape") setFilter("");
              if (event.key === "ArrowDown") {
                event.preventDefault();
                const first = rows[0]?.node.path;
                if (first) pick(first);
                grid.current?.focus();
              }
            }}
          />
          <IconButton size="sm" label="New file" onClick={() => begin("file", active)}>
            <FilePlus2 size={14} />
          </IconButton>
          <IconButton size="sm" label="New folder" onClick={() => begin("folder", active)}>
            <FolderPlus size={14} />
          </IconButton>
          <UploadMenu onFiles={(files) => uploads.add(files, folderOf(active))} />
        </div>
        {editing && editing.kind !== "rename" ? (
          <NameForm
            key={editing.kind + editing.parent}
            label={newLabel(editing.kind, editing.parent)}
            initial=""
            onCancel={leaveEditing}
            onSubmit={(name) => create(editing.kind === "folder" ? "folder" : "file", editing.parent, name)}
          />
        ) : null}
        {rows.length === 0 ? (
          <EmptyState title={query ? `No results for “${query}”` : "No files yet"} className="p-4!">
            {query ? "Try a shorter search." : "Ask the agent to build something, drop files here, or create a file."}
          </EmptyState>
        ) : null}
        <div
          ref={scroller}
          className={cx(
            "scroll-y min-h-0 flex-1 px-1 pb-2",
            rows.length === 0 && "hidden",
            drag.target === "" && "outline-2 -outline-offset-2 outline-focus",
          )}
        >
          <div
            ref={grid}
            role="treegrid"
            aria-label="Project files"
            aria-rowcount={rows.length}
            aria-multiselectable
            aria-activedescendant={activeIndex >= 0 ? `${treeId}-${activeIndex}` : undefined}
            tabIndex={0}
            onKeyDown={onKeyDown}
            onFocus={() => {
              const first = rows[0]?.node.path;
              if (active === undefined && first) pick(first);
            }}
            className="group/tree relative w-full outline-none"
            style={{ height: virtual.getTotalSize() }}
          >
            {virtual.getVirtualItems().map((item) => {
              const row = rows[item.index];
              if (!row) return null;
              const { path } = row.node;
              return (
                <TreeRowView
                  key={item.key}
                  row={row}
                  id={`${treeId}-${item.index}`}
                  index={item.index}
                  height={height}
                  top={item.start}
                  mark={marks.get(path)}
                  isOpenFile={path === openPath}
                  isSelected={selection.paths.has(path)}
                  isActive={path === active}
                  isDropTarget={drag.target !== undefined && drag.target !== "" && path === drag.target}
                  entries={entriesOf(path)}
                  renaming={
                    editing?.kind === "rename" && editing.path === path
                      ? { onSubmit: (name) => rename(row, name), onCancel: leaveEditing }
                      : undefined
                  }
                  onClick={(event) => click(row, event)}
                  onEnter={() => activate(row)}
                  onMenu={() => (selection.paths.has(path) ? undefined : pick(path))}
                />
              );
            })}
          </div>
        </div>
        <UploadRows uploads={uploads} />
        <DeleteFilesDialog removal={deleting} onClose={() => setDeleting(undefined)} onConfirm={actions.remove} />
        {moving ? (
          <Suspense fallback={null}>
            <MoveDialog
              tree={tree}
              paths={moving}
              onClose={() => setMoving(undefined)}
              onMove={(folder) => actions.moveInto(moving, folder)}
            />
          </Suspense>
        ) : null}
      </div>
    </section>
  );
}
