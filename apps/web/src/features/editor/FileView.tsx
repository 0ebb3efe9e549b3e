import { useState } from "react";
import { nameOf } from "../../lib/file-tree.ts";
import { Button } from "../../ui/Button.tsx";
import { DiffBlock } from "../../ui/DiffBlock.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ErrorState } from "../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import type { BufferView, Buffers } from "./buffers.ts";
import { lineDiff } from "./line-diff.ts";
import { DownloadButton, MediaView } from "./MediaView.tsx";

/** The states of a file in which there is nothing to edit; undefined when the editor is to be shown. */
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
          <SkeletonRows count={8} label={`Loading ${buffer.path}`} />
        </div>
      );
    case "failed":
      return (
        <ErrorState title={`${nameOf(buffer.path)} could not be read`} onRetry={() => buffers.retry(buffer.path)}>
          {buffer.failure}
        </ErrorState>
      );
    case "gone":
      return (
        <EmptyState title={`${nameOf(buffer.path)} is no longer there`} action={<Button onClick={onClose}>Close the tab</Button>}>
          It was deleted or moved while it was open.
        </EmptyState>
      );
    case "too_large":
      return (
        <EmptyState
          title={`${nameOf(buffer.path)} is too large to edit here`}
          action={<DownloadButton projectId={projectId} path={buffer.path} />}
        >
          Open it in the terminal, or let the agent change it.
        </EmptyState>
      );
    case "binary":
      return <MediaView key={buffer.revision} projectId={projectId} path={buffer.path} size={buffer.size} />;
    case "ready":
      return undefined;
  }
}

/** Two versions of one file: nothing is written until a person chose. */
export function ConflictBar({
  buffer,
  buffers,
  mine,
  subject = "This file was",
}: {
  buffer: BufferView;
  buffers: Buffers;
  mine: () => string;
  /** What was changed, to begin the sentence with. */
  subject?: string;
}) {
  const [isComparing, setIsComparing] = useState(false);
  const conflict = buffer.conflict;
  if (!conflict) return null;
  const isDeleted = conflict.text === undefined;
  return (
    <div role="alert" className="flex-none border-b border-line-0 bg-warn-soft px-3 py-2 text-sm text-fg-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <span className="min-w-0 flex-1 basis-60">
          {subject} {isDeleted ? "deleted while you were writing." : "changed elsewhere while you were writing."} Nothing is saved until you
          choose.
        </span>
        <span className="flex flex-wrap gap-1.5">
          {isDeleted ? null : (
            <Button size="sm" aria-expanded={isComparing} onClick={() => setIsComparing(!isComparing)}>
              {isComparing ? "Hide" : "Compare"}
            </Button>
          )}
          <Button size="sm" onClick={() => buffers.keepMine(buffer.path)}>
            Keep mine
          </Button>
          <Button size="sm" onClick={() => buffers.takeTheirs(buffer.path)}>
            {isDeleted ? "Let it go" : "Take theirs"}
          </Button>
        </span>
      </div>
      {isComparing && !isDeleted ? (
        <div className="pt-2">
          <p className="pb-1 text-xs text-fg-1">− theirs, + mine</p>
          <DiffBlock lines={lineDiff(conflict.text ?? "", mine())} path={buffer.path} />
        </div>
      ) : null}
    </div>
  );
}
