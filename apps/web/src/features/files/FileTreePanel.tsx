import { useVirtualizer } from "@tanstack/react-virtual";
import { FilePlus2, FolderPlus, Search } from "lucide-react";
import { useDeferredValue, useEffect, useId, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { cx } from "../../lib/cx.ts";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { ContextMenu, type MenuEntry } from "../../ui/Menu.tsx";
import { FileIcon, FolderIcon } from "./FileIcon.tsx";
import { ancestorsOf, filteredRows, nameOf, parentOf, trimPath, visibleRows, type FileTree, type TreeRow } from "./tree.ts";
import { treeMove } from "./tree-keys.ts";
import type { FileActs } from "./use-file-acts.ts";

const rowHeight = 26;
const touchRowHeight = 40;

/** What the last run did to a file. */
export type FileMark = "A" | "M" | "D";
type Editing = { kind: "rename"; path: string } | { kind: "file" | "folder"; parent: string };

export interface FileTreePanelProps {
  tree: FileTree;
  acts: FileActs;
  /** The file in the editor. */
  openPath: string | undefined;
  onOpen: (path: string) => void;
  marks: ReadonlyMap<string, FileMark>;
}

/** The project's files. Keyboard: arrows, Home, End, Enter, F2, Delete; only rows in sight are in the page. */
export function FileTreePanel({ tree, acts, openPath, onOpen, marks }: FileTreePanelProps) {
  const [openPaths, setOpenPaths] = useState<ReadonlySet<string>>(() => new Set(["src"]));
  const [active, setActive] = useState<string>();
  const [filter, setFilter] = useState("");
  const query = useDeferredValue(filter.trim());
  const [editing, setEditing] = useState<Editing>();
  const [deleting, setDeleting] = useState<string>();
  const scroller = useRef<HTMLDivElement>(null);
  const grid = useRef<HTMLDivElement>(null);
  const treeId = useId();

  const rows = useMemo(() => (query ? filteredRows(tree, query) : visibleRows(tree, openPaths)), [tree, query, openPaths]);
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

  // A file opened from elsewhere is shown in its place.
  const [revealed, setRevealed] = useState<string>();
  if (openPath && openPath !== revealed) {
    setRevealed(openPath);
    setActive(openPath);
    const above = ancestorsOf(openPath);
    if (above.some((path) => !openPaths.has(path))) setOpenPaths(new Set([...openPaths, ...above]));
  }
  useEffect(() => {
    if (activeIndex >= 0) virtual.scrollToIndex(activeIndex, { align: "auto" });
  }, [activeIndex, virtual]);

  const toggle = (path: string, isOpen: boolean) => {
    const next = new Set(openPaths);
    if (isOpen) next.add(path);
    else next.delete(path);
    setOpenPaths(next);
  };
  const activate = (row: TreeRow) => {
    setActive(row.node.path);
    if (row.node.isDirectory) toggle(row.node.path, !row.isOpen);
    else onOpen(row.node.path);
  };
  const remove = (path: string) => {
    if (tree.nodes.get(path)?.isDirectory) setDeleting(path);
    else void acts.removeFile(path);
  };
  const begin = (kind: "file" | "folder", near: string | undefined) => {
    const node = near === undefined ? undefined : tree.nodes.get(near);
    const parent = node ? (node.isDirectory ? node.path : parentOf(node.path)) : "";
    if (parent) setOpenPaths(new Set([...openPaths, ...ancestorsOf(parent), parent]));
    setEditing({ kind, parent });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== grid.current || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = treeMove(event.key, rows, activeIndex);
    if (!move) return;
    event.preventDefault();
    if (move.kind === "go") setActive(rows[move.index]?.node.path);
    else {
      const row = rows[move.index];
      if (!row) return;
      if (move.kind === "open") toggle(row.node.path, true);
      else if (move.kind === "close") toggle(row.node.path, false);
      else activate(row);
    }
  };
  useShortcuts(
    {
      "tree.rename": () => active && setEditing({ kind: "rename", path: active }),
      "tree.delete": () => active && remove(active),
    },
    grid,
  );
  const leaveEditing = () => {
    setEditing(undefined);
    grid.current?.focus();
  };

  const entriesOf = (path: string): MenuEntry[] => [
    { label: "New file", onSelect: () => begin("file", path) },
    { label: "New folder", onSelect: () => begin("folder", path) },
    "-",
    { label: "Rename", onSelect: () => setEditing({ kind: "rename", path }) },
    { label: "Copy path", onSelect: () => void navigator.clipboard.writeText(path) },
    "-",
    { label: "Delete", isDanger: true, onSelect: () => remove(path) },
  ];

  const inside = deleting ? [...tree.nodes.values()].filter((node) => !node.isDirectory && node.path.startsWith(`${deleting}/`)).length : 0;
  return (
    <section aria-label="Files" className="flex h-full min-h-0 flex-col">
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
              setActive(rows[0]?.node.path);
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
      </div>
      {editing && editing.kind !== "rename" ? (
        <NameForm
          key={editing.kind + editing.parent}
          label={
            editing.kind === "file" ? `New file in ${editing.parent || "the project"}` : `New folder in ${editing.parent || "the project"}`
          }
          initial=""
          onCancel={leaveEditing}
          onSubmit={async (name) => {
            const path = trimPath(editing.parent ? `${editing.parent}/${name}` : name);
            const failure = await (editing.kind === "file" ? acts.createFile(path) : acts.createFolder(path));
            if (failure) return failure;
            setActive(path);
            leaveEditing();
            if (editing.kind === "file") onOpen(path);
            return undefined;
          }}
        />
      ) : null}
      {rows.length === 0 ? (
        <EmptyState title={query ? "No file matches" : "No files yet"} className="p-4!">
          {query ? "Fewer letters find more." : "Ask the agent for something, or make the first file."}
        </EmptyState>
      ) : null}
      <div ref={scroller} className={cx("scroll-y min-h-0 flex-1 px-1 pb-10 narrow:pb-2", rows.length === 0 && "hidden")}>
        <div
          ref={grid}
          role="treegrid"
          aria-label="Project files"
          aria-rowcount={rows.length}
          aria-activedescendant={activeIndex >= 0 ? `${treeId}-${activeIndex}` : undefined}
          tabIndex={0}
          onKeyDown={onKeyDown}
          onFocus={() => active === undefined && setActive(rows[0]?.node.path)}
          className="group/tree relative w-full outline-none"
          style={{ height: virtual.getTotalSize() }}
        >
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            const { node } = row;
            const mark = marks.get(node.path);
            const isActive = node.path === active;
            return (
              <div
                key={item.key}
                role="row"
                id={`${treeId}-${item.index}`}
                data-testid="file-row"
                aria-level={row.level + 1}
                aria-posinset={row.position}
                aria-setsize={row.siblings}
                aria-rowindex={item.index + 1}
                aria-expanded={node.isDirectory ? row.isOpen : undefined}
                aria-selected={node.path === openPath}
                className="absolute inset-x-0"
                style={{ height, transform: `translateY(${item.start}px)` }}
              >
                <ContextMenu entries={entriesOf(node.path)}>
                  <div
                    role="gridcell"
                    tabIndex={-1}
                    onClick={(event) => {
                      // A name being written is not the row.
                      if (event.target instanceof HTMLInputElement) return;
                      activate(row);
                      grid.current?.focus({ preventScroll: true });
                    }}
                    onKeyDown={(event) => event.key === "Enter" && event.target === event.currentTarget && activate(row)}
                    title={node.path}
                    className={cx(
                      "flex h-full min-w-0 cursor-default items-center gap-[7px] rounded-2 pr-2 text-xs select-none hover:bg-bg-2 narrow:text-sm",
                      node.path === openPath ? "bg-bg-3! text-fg-0" : "text-fg-1",
                      isActive && "group-focus/tree:outline-2 group-focus/tree:-outline-offset-2 group-focus/tree:outline-focus",
                    )}
                    style={{ paddingLeft: 8 + row.level * 14 }}
                  >
                    {node.isDirectory ? <FolderIcon isOpen={row.isOpen} /> : <FileIcon name={node.name} />}
                    {editing?.kind === "rename" && editing.path === node.path ? (
                      <NameForm
                        label={`New name of ${node.name}`}
                        initial={node.name}
                        isInline
                        onCancel={leaveEditing}
                        onSubmit={async (name) => {
                          const parent = parentOf(node.path);
                          const to = trimPath(parent ? `${parent}/${name}` : name);
                          if (to !== node.path) {
                            const failure = await acts.rename(node.path, to);
                            if (failure) return failure;
                            setActive(to);
                          }
                          leaveEditing();
                          return undefined;
                        }}
                      />
                    ) : (
                      <span className={cx("min-w-0 truncate", mark === "D" && "text-fg-2 line-through")}>{node.name}</span>
                    )}
                    {mark ? (
                      <span
                        aria-label={{ A: "added", M: "modified", D: "deleted" }[mark]}
                        className={cx(
                          "ml-auto w-2.5 flex-none font-mono text-2xs font-semibold",
                          mark === "A" ? "text-ok" : mark === "M" ? "text-warn" : "text-err",
                        )}
                      >
                        {mark}
                      </span>
                    ) : null}
                  </div>
                </ContextMenu>
              </div>
            );
          })}
        </div>
      </div>
      <ConfirmDialog
        isOpen={deleting !== undefined}
        onOpenChange={(isOpen) => (isOpen ? undefined : setDeleting(undefined))}
        title={`Delete the folder ${nameOf(deleting ?? "")}?`}
        act="Delete"
        actWord="Deleting"
        isDanger
        onConfirm={async () => {
          if (deleting) await acts.removeFolder(deleting);
        }}
      >
        {inside === 0
          ? "It holds no listed files."
          : `The ${inside} ${inside === 1 ? "file" : "files"} in it ${inside === 1 ? "goes" : "go"} with it. This cannot be undone here.`}
      </ConfirmDialog>
    </section>
  );
}

function NameForm({
  label,
  initial,
  isInline = false,
  onSubmit,
  onCancel,
}: {
  label: string;
  initial: string;
  isInline?: boolean;
  onSubmit: (name: string) => Promise<string | undefined>;
  onCancel: () => void;
}) {
  const [failure, setFailure] = useState<string>();
  const failureId = useId();
  const isDone = useRef(false);
  const submit = async (name: string) => {
    if (isDone.current) return;
    if (name.trim() === "" || name === initial) return onCancel();
    isDone.current = true;
    const reason = await onSubmit(name.trim());
    isDone.current = false;
    setFailure(reason);
  };
  return (
    <form
      className={isInline ? "min-w-0 flex-1" : "px-2 pb-1.5"}
      onSubmit={(event) => {
        event.preventDefault();
        const name = new FormData(event.currentTarget).get("name");
        void submit(typeof name === "string" ? name : "");
      }}
    >
      <input
        name="name"
        aria-label={label}
        aria-invalid={failure !== undefined || undefined}
        aria-describedby={failure ? failureId : undefined}
        placeholder={isInline ? undefined : label}
        defaultValue={initial}
        autoFocus
        spellCheck={false}
        autoComplete="off"
        onFocus={(event) => {
          const dot = initial.lastIndexOf(".");
          event.target.setSelectionRange(0, dot > 0 ? dot : initial.length);
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") onCancel();
        }}
        onBlur={(event) => void submit(event.target.value)}
        className="h-[22px] w-full min-w-0 rounded-1 border border-line-1 bg-bg-1 px-1.5 text-xs text-fg-0 aria-invalid:border-err narrow:h-9 narrow:text-md"
      />
      {failure ? (
        <p
          id={failureId}
          role="alert"
          className={cx(
            "text-2xs text-err",
            isInline ? "absolute z-10 rounded-1 border border-line-0 bg-bg-1 px-1.5 py-1 shadow-2" : "pt-1",
          )}
        >
          {failure}
        </p>
      ) : null}
    </form>
  );
}

/** The frame is a phone's (styles.css: `narrow`). */
export function useIsNarrow(): boolean {
  const [isNarrow, setIsNarrow] = useState(() => matchMedia("(width <= 640px)").matches);
  useEffect(() => {
    const media = matchMedia("(width <= 640px)");
    const onChange = () => setIsNarrow(media.matches);
    media.addEventListener("change", onChange);
    return () => media.removeEventListener("change", onChange);
  }, []);
  return isNarrow;
}
