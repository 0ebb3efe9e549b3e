import { Files, PanelLeft, Search } from "lucide-react";
import { Suspense, useRef, useState } from "react";
import { lazyComponent } from "../../lib/chunks.ts";
import { cx } from "../../lib/cx.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { useWidth } from "../../lib/use-width.ts";
import { useFileTree, useProject } from "../../project/project-context.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { ShortcutKeys } from "../../ui/ShortcutKeys.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { FileTreePanel } from "./FileTreePanel.tsx";
import type { FileMark } from "./TreeRowView.tsx";
import { useFileActions } from "./use-file-actions.ts";
import { useOpenFiles } from "./use-open-files.ts";
import { useFileUploads } from "./use-uploads.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const SearchPanel = lazyComponent(async () => (await import("./search/SearchPanel.tsx")).SearchPanel);
const EditorPane = lazyComponent(async () => (await import("./EditorPane.tsx")).EditorPane);

export interface CodePaneProps {
  marks: ReadonlyMap<string, FileMark>;
  onQuickOpen: () => void;
  sidebar: CodeSidebar;
  onSidebar: (sidebar: CodeSidebar) => void;
}
/** The panel left of the editor. `searchRequests` grows each time the search is requested. */
export interface CodeSidebar {
  side: "files" | "search";
  searchRequests: number;
}

/** A narrower pane has no room for files and editor. */
const minBothPx = 560;

/** File tree at the left, editor at the right; in a narrow pane one of the two. */
export function CodePane({ marks, onQuickOpen, sidebar, onSidebar }: CodePaneProps) {
  const { id: projectId } = useProject();
  const tree = useFileTree();
  const files = useOpenFiles();
  const actions = useFileActions(projectId);
  const uploads = useFileUploads(projectId);
  const pane = useRef<HTMLDivElement>(null);
  const widthPx = useWidth(pane);
  const isPhone = useIsNarrow();
  // A hidden pane has no width.
  const isNarrow = isPhone || (widthPx > 0 && widthPx < minBothPx);
  const [isTreeShown, setIsTreeShown] = useState(true);
  const [wasNarrow, setWasNarrow] = useState(isNarrow);
  if (wasNarrow !== isNarrow) {
    setWasNarrow(isNarrow);
    setIsTreeShown(!isNarrow || files.activePath === undefined);
  }
  const [lastRequests, setLastRequests] = useState(sidebar.searchRequests);
  if (lastRequests !== sidebar.searchRequests) {
    setLastRequests(sidebar.searchRequests);
    setIsTreeShown(true);
  }
  const isSearch = sidebar.side === "search";
  const open = (path: string) => {
    files.open(path);
    if (isNarrow) setIsTreeShown(false);
  };
  return (
    <div ref={pane} className="relative flex min-h-0 flex-1">
      <div
        className={cx(
          "flex flex-none flex-col border-line-0",
          isNarrow ? "w-full" : isSearch ? "w-80 border-r" : "w-60 border-r",
          !isTreeShown && "hidden",
        )}
      >
        <div className="flex flex-none items-center gap-1 px-1.5 pt-1.5">
          <SegmentedControl<CodeSidebar["side"]>
            label="Sidebar"
            value={sidebar.side}
            onChange={(side) => onSidebar({ side, searchRequests: sidebar.searchRequests + (side === "search" ? 1 : 0) })}
            segments={[
              { value: "files", label: "Files", icon: <Files size={14} />, isLabelShown: true },
              { value: "search", label: "Search", icon: <Search size={14} />, isLabelShown: true },
            ]}
          />
          <span className="flex-1" />
          {isNarrow ? null : (
            <IconButton size="sm" label="Hide files" aria-expanded onClick={() => setIsTreeShown(false)}>
              <PanelLeft size={14} />
            </IconButton>
          )}
        </div>
        {/* Both stay mounted while the other is shown. */}
        {sidebar.searchRequests > 0 ? (
          <div className={cx("min-h-0 flex-1", !isSearch && "hidden")}>
            <Suspense fallback={<SkeletonRows count={6} label="Loading search…" className="p-3" />}>
              <SearchPanel
                projectId={projectId}
                onOpen={open}
                asked={sidebar.searchRequests}
                onFlush={async () => {
                  for (const path of files.paths) await files.buffers.flush(path);
                }}
              />
            </Suspense>
          </div>
        ) : null}
        <div className={cx("flex min-h-0 flex-1 flex-col", isSearch && "hidden")}>
          {tree.data ? (
            <FileTreePanel tree={tree.data} actions={actions} uploads={uploads} openPath={files.activePath} onOpen={open} marks={marks} />
          ) : tree.error ? (
            <ErrorState title="Couldn't load files" onRetry={() => void tree.refetch()} className="p-4!">
              <ErrorSentence of={tree.error} />
            </ErrorState>
          ) : (
            <div className="p-3">
              <SkeletonRows count={12} label="Loading files…" />
            </div>
          )}
        </div>
      </div>
      <div className={cx("flex min-h-0 min-w-0 flex-1 flex-col", isNarrow && isTreeShown && "hidden")}>
        {isNarrow ? (
          <div className="flex-none border-b border-line-0 p-1">
            <Button size="sm" variant="ghost" icon={<PanelLeft size={14} />} onClick={() => setIsTreeShown(true)}>
              All files
            </Button>
          </div>
        ) : null}
        {files.activePath ? (
          <Suspense
            fallback={
              <div className="p-6">
                <SkeletonRows count={8} label="Loading editor…" />
              </div>
            }
          >
            <EditorPane
              projectId={projectId}
              buffers={files.buffers}
              paths={files.paths}
              activePath={files.activePath}
              onActivate={files.activate}
              onClose={files.close}
              reveal={files.reveal}
            />
          </Suspense>
        ) : (
          <EmptyState
            title="No file open"
            action={
              <Button onClick={onQuickOpen} keys={<ShortcutKeys id="files.open" />}>
                Find a file
              </Button>
            }
          >
            Select a file to edit it. Changes are saved automatically.
          </EmptyState>
        )}
      </div>
      {isNarrow || isTreeShown ? null : (
        <IconButton
          size="sm"
          label="Show files"
          className="absolute! bottom-2 left-2 z-10 bg-bg-1"
          aria-expanded={false}
          // It replaces the button that had the focus.
          autoFocus
          onClick={() => setIsTreeShown(true)}
        >
          <PanelLeft size={14} />
        </IconButton>
      )}
    </div>
  );
}
