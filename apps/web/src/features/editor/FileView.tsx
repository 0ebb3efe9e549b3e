import { useMemo, useState } from "react";
import { fileNameOf } from "../../lib/file-tree.ts";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { loadingView, type BufferView, type Buffers } from "./buffers.ts";
import { CodeEditor } from "./CodeEditor.tsx";
import { DownloadButton, MediaView } from "./MediaView.tsx";

/** Shown instead of the editor while a file can't be edited; undefined when it can. */
export function FileState({
  projectId,
  buffer,
  buffers,
  onClose,
}: {
  projectId: string;
  buffer: BufferView;
  buffers: Buffers;
  onClose: () => void;
}) {
  switch (buffer.status) {
    case "loading":
      return (
        <div className="p-6">
          <SkeletonRows count={8} label={`Loading ${buffer.path}…`} />
        </div>
      );
    case "failed":
      return (
        <ErrorState title={`Couldn't load ${fileNameOf(buffer.path)}`} onRetry={() => buffers.retry(buffer.path)}>
          {buffer.failure}
        </ErrorState>
      );
    case "gone":
      return (
        <EmptyState title={`${fileNameOf(buffer.path)} not found`} action={<Button onClick={onClose}>Close tab</Button>}>
          The file was deleted or moved while it was open.
        </EmptyState>
      );
    case "too_large":
      return (
        <EmptyState
          title={`${fileNameOf(buffer.path)} is too large to edit`}
          action={<DownloadButton projectId={projectId} path={buffer.path} />}
        >
          Edit it in the terminal, or ask the agent to change it.
        </EmptyState>
      );
    case "binary":
      return <MediaView key={buffer.revision} projectId={projectId} path={buffer.path} size={buffer.size} />;
    case "ready":
      return undefined;
  }
}

const conflicts = {
  file: {
    changed: "This file changed while you were editing it. Choose which version to keep.",
    deleted: "This file was deleted while you were editing it. Choose whether to keep it.",
  },
  notes: {
    changed: "The notes changed while you were editing them. Choose which version to keep.",
    deleted: "The notes were deleted while you were editing them. Choose whether to keep them.",
  },
} as const;

/** Two versions of one file: nothing is saved until one is chosen. */
export function ConflictBar({
  buffer,
  buffers,
  mine,
  kind = "file",
}: {
  buffer: BufferView;
  buffers: Buffers;
  mine: () => string;
  kind?: keyof typeof conflicts;
}) {
  const [isComparing, setIsComparing] = useState(false);
  const conflict = buffer.conflict;
  if (!conflict) return null;
  const isDeleted = conflict.text === undefined;
  return (
    <div role="alert" className="flex-none border-b border-line-0 bg-warn-soft px-3 py-2 text-sm text-fg-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <span className="min-w-0 flex-1 basis-60">{isDeleted ? conflicts[kind].deleted : conflicts[kind].changed}</span>
        <span className="flex flex-wrap gap-1.5">
          {isDeleted ? null : (
            <Button size="sm" aria-expanded={isComparing} onClick={() => setIsComparing(!isComparing)}>
              {isComparing ? "Hide changes" : "Compare"}
            </Button>
          )}
          <Button size="sm" onClick={() => buffers.keepMine(buffer.path)}>
            Keep mine
          </Button>
          <Button size="sm" onClick={() => buffers.takeTheirs(buffer.path)}>
            {isDeleted ? "Discard mine" : "Keep theirs"}
          </Button>
        </span>
      </div>
      {isComparing && !isDeleted ? (
        <div className="pt-2">
          <p className="pb-1 text-xs text-fg-1">− theirs, + mine</p>
          <Comparison key={buffer.path} path={buffer.path} theirs={conflict.text ?? ""} mine={mine()} />
        </div>
      ) : null}
    </div>
  );
}

/** What `mine` changes in `theirs`. */
function Comparison({ path, theirs, mine }: { path: string; theirs: string; mine: string }) {
  const buffer = useMemo(() => ({ ...loadingView(path), status: "ready" as const, text: mine, revision: 1 }), [path, mine]);
  return (
    <div className="flex h-80 max-h-[40vh] flex-col overflow-hidden rounded-2 border border-line-0">
      <CodeEditor
        key={mine}
        buffer={buffer}
        isReadOnly
        label={`Changes in ${path}`}
        comparedWith={theirs}
        isComparisonFolded
        onEdit={() => undefined}
        onLeave={() => undefined}
      />
    </div>
  );
}
