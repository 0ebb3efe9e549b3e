import { X } from "lucide-react";
import { useRef, useSyncExternalStore } from "react";
import { cx } from "../../lib/cx.ts";
import { fileNameOf, parentOf } from "../../lib/file-tree.ts";
import { Button } from "../../ui/Button.tsx";
import { FileIcon } from "../../ui/FileIcon.tsx";
import { FilePeople } from "../presence/index.ts";
import { loadingView, type Buffers, CodeEditor, ConflictBar, FileState } from "../editor/index.ts";

export interface EditorPaneProps {
  projectId: string;
  buffers: Buffers;
  paths: readonly string[];
  activePath: string;
  onActivate: (path: string) => void;
  onClose: (path: string) => void;
  reveal: { path: string; line: number } | undefined;
}

/** Open files as tabs over one editor. */
export function EditorPane({ projectId, buffers, paths, activePath, onActivate, onClose, reveal }: EditorPaneProps) {
  const found = useSyncExternalStore(buffers.subscribe, () => buffers.get(activePath));
  // The editor below always stays mounted: it holds the undo history of every open file.
  const buffer = found ?? loadingView(activePath);
  const reader = useRef<{ path: string; read: () => string }>(undefined);
  const state = FileState({ projectId, buffer, buffers, onClose: () => onClose(activePath) });
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div
        role="group"
        aria-label="Open files"
        className="flex h-8 flex-none items-stretch overflow-x-auto border-b border-line-0 [scrollbar-width:none] narrow:h-11"
      >
        {paths.map((path) => (
          <FileTab
            key={path}
            path={path}
            isActive={path === activePath}
            isAmbiguous={paths.some((other) => other !== path && fileNameOf(other) === fileNameOf(path))}
            buffers={buffers}
            onActivate={onActivate}
            onClose={onClose}
          />
        ))}
      </div>
      <div role="region" aria-label={activePath} className="flex min-h-0 flex-1 flex-col">
        <ConflictBar
          buffer={buffer}
          buffers={buffers}
          mine={() => (reader.current?.path === activePath ? reader.current.read() : buffer.text)}
        />
        {buffer.failure && buffer.status === "ready" ? (
          <div
            role="alert"
            className="flex flex-none flex-wrap items-center gap-2 border-b border-line-0 bg-err-soft px-3 py-1.5 text-xs text-fg-0"
          >
            <span className="min-w-0 flex-1">Couldn't save. {buffer.failure}</span>
            <Button size="sm" onClick={() => buffers.retry(activePath)}>
              Retry
            </Button>
          </div>
        ) : null}
        {state}
        <div className={cx("flex min-h-0 flex-1 flex-col", state && "hidden")}>
          <CodeEditor
            buffer={buffer}
            isReadOnly={buffer.status !== "ready"}
            reveal={buffer.status === "ready" ? reveal : undefined}
            onEdit={(path, read) => {
              reader.current = { path, read };
              buffers.edited(path, read);
            }}
            onLeave={(path) => void buffers.flush(path)}
          />
        </div>
      </div>
    </div>
  );
}

function FileTab({
  path,
  isActive,
  isAmbiguous,
  buffers,
  onActivate,
  onClose,
}: {
  path: string;
  isActive: boolean;
  isAmbiguous: boolean;
  buffers: Buffers;
  onActivate: (path: string) => void;
  onClose: (path: string) => void;
}) {
  const buffer = useSyncExternalStore(buffers.subscribe, () => buffers.get(path));
  const isUnsaved = buffer?.isDirty === true || buffer?.isSaving === true;
  return (
    <div
      className={cx(
        "group relative flex flex-none items-center border-r border-line-0",
        isActive
          ? "text-fg-0 after:absolute after:inset-x-0 after:-bottom-px after:h-0.5 after:bg-fg-0"
          : "bg-bg-2 text-fg-2 hover:text-fg-0",
      )}
      onAuxClick={(event) => event.button === 1 && onClose(path)}
    >
      <button
        type="button"
        aria-current={isActive ? "true" : undefined}
        tabIndex={isActive ? 0 : -1}
        title={path}
        onClick={() => onActivate(path)}
        className="flex h-full items-center gap-1.5 pl-2.5 text-xs"
      >
        <FileIcon name={fileNameOf(path)} />
        {fileNameOf(path)}
        {isAmbiguous ? <span className="text-2xs text-fg-2">{parentOf(path) || "/"}</span> : null}
        {buffer?.conflict ? <span className="font-mono text-2xs text-warn">conflict</span> : null}
        {isUnsaved ? <span className="sr-only">unsaved</span> : null}
        <FilePeople path={path} />
      </button>
      <button
        type="button"
        aria-label={`Close ${fileNameOf(path)}`}
        onClick={() => onClose(path)}
        className="mx-1 grid size-5 place-items-center rounded-1 text-fg-2 hover:bg-bg-3 hover:text-fg-0 narrow:size-8"
      >
        {isUnsaved ? <span aria-hidden="true" className="size-2 rounded-full bg-fg-1 group-hover:hidden" /> : null}
        <X size={12} className={cx(isUnsaved && "hidden group-hover:block")} aria-hidden="true" />
      </button>
    </div>
  );
}
