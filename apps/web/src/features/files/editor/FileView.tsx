import { useEffect, useState } from "react";
import { Button } from "../../../ui/Button.tsx";
import { EmptyState } from "../../../ui/EmptyState.tsx";
import { ErrorState } from "../../../ui/ErrorState.tsx";
import { SkeletonRows } from "../../../ui/Skeleton.tsx";
import { DiffBlock } from "../../chat/tools/DiffBlock.tsx";
import { useServices } from "../../workbench/services.ts";
import type { BufferView, Buffers } from "../buffers.ts";
import { imageTypeOf, readImage } from "../files.api.ts";
import { lineDiff } from "../line-diff.ts";
import { nameOf } from "../tree.ts";

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
        <EmptyState title={`${nameOf(buffer.path)} is too large to edit here`}>
          Open it in the terminal, or let the agent change it.
        </EmptyState>
      );
    case "binary":
      return imageTypeOf(buffer.path) ? (
        <ImageView key={buffer.revision} projectId={projectId} path={buffer.path} />
      ) : (
        <EmptyState title={`${nameOf(buffer.path)} is not text`}>{buffer.size.toLocaleString("en")} bytes.</EmptyState>
      );
    case "ready":
      return undefined;
  }
}

function ImageView({ projectId, path }: { projectId: string; path: string }) {
  const { fetch } = useServices();
  const [image, setImage] = useState<{ url: string } | { failure: string }>();
  const [size, setSize] = useState<string>();
  useEffect(() => {
    const abort = new AbortController();
    let url: string | undefined;
    readImage(fetch, projectId, path, abort.signal).then(
      (made) => {
        url = made;
        if (abort.signal.aborted) URL.revokeObjectURL(made);
        else setImage({ url: made });
      },
      (error: unknown) => {
        if (!abort.signal.aborted) setImage({ failure: error instanceof Error ? error.message : "The picture could not be read." });
      },
    );
    return () => {
      abort.abort();
      if (url) URL.revokeObjectURL(url);
    };
  }, [fetch, projectId, path]);
  if (!image) return <SkeletonRows count={3} label="Loading the picture" className="p-6" />;
  if ("failure" in image) return <ErrorState title="The picture could not be shown">{image.failure}</ErrorState>;
  return (
    <figure className="scroll-y grid min-h-0 flex-1 place-items-center gap-2 p-6">
      <img
        src={image.url}
        alt={path}
        onLoad={(event) => setSize(`${event.currentTarget.naturalWidth} × ${event.currentTarget.naturalHeight}`)}
        className="max-h-full max-w-full rounded-2 border border-line-0 bg-[repeating-conic-gradient(var(--bg-2)_0_25%,var(--bg-1)_0_50%)] bg-[length:16px_16px]"
      />
      <figcaption className="num text-xs text-fg-2">{size}</figcaption>
    </figure>
  );
}

/** Two versions of one file: nothing is written until a person chose. */
export function ConflictBar({ buffer, buffers, mine }: { buffer: BufferView; buffers: Buffers; mine: () => string }) {
  const [isComparing, setIsComparing] = useState(false);
  const conflict = buffer.conflict;
  if (!conflict) return null;
  const isDeleted = conflict.text === undefined;
  return (
    <div role="alert" className="flex-none border-b border-line-0 bg-warn-soft px-3 py-2 text-sm text-fg-0">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
        <span className="min-w-0 flex-1 basis-60">
          {isDeleted ? "This file was deleted while you were editing it." : "This file was changed elsewhere while you were editing it."}{" "}
          Nothing is saved until you choose.
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
