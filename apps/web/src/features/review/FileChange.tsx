import { Undo2 } from "lucide-react";
import type { ReviewFile } from "@tesslate/contract";
import { Button } from "../../ui/Button.tsx";
import { Checkbox } from "../../ui/Checkbox.tsx";
import { Kbd } from "../../ui/Kbd.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { Lines } from "../changes/index.ts";
import { HunkCard } from "./HunkCard.tsx";
import { itemsOf } from "./review.ts";
import type { Review } from "./use-review.ts";

/** A file of the change set: its header and hunks. */
export function FileChange({
  file,
  review,
  isReadOnly,
  isSplit,
  asked,
  onOpen,
}: {
  file: ReviewFile;
  review: Review;
  isReadOnly: boolean;
  isSplit: boolean;
  asked: number;
  onOpen: (place: string) => void;
}) {
  const items = itemsOf(file);
  const open = items.filter((item) => !item.isRejected);
  const rejected = items.filter((item) => item.isRejected);
  const isOnDisk = file.status === "deleted" ? file.is_rejected : !(file.status === "added" && file.is_rejected);
  const path = file.status === "renamed" && file.is_rejected ? (file.old_path ?? file.path) : file.path;
  const whole = items[0]?.hunkId === undefined ? items[0] : undefined;
  return (
    <section aria-label={file.path} className="grid min-w-0 content-start gap-2.5">
      <div className="flex min-h-7 flex-wrap items-center gap-x-2 gap-y-1 text-sm">
        <h3 className="min-w-0 truncate font-mono text-xs font-normal text-fg-0" title={file.path}>
          {file.old_path === null ? file.path : `${file.old_path} → ${file.path}`}
        </h3>
        <Lines additions={file.additions} deletions={file.deletions} />
        {file.changed_by === "both" ? <Pill tone="warn">You edited this file too</Pill> : null}
        <span className="flex-1" />
        {isOnDisk ? (
          <Button size="sm" variant="ghost" className="narrow:hidden" onClick={() => onOpen(path)}>
            Open in code
          </Button>
        ) : null}
        {!isReadOnly && items.length > 1 && open.length > 0 ? (
          <Button size="sm" variant="ghost" className="text-err!" onClick={() => review.reject(open)}>
            Reject file
          </Button>
        ) : null}
        {!isReadOnly && items.length > 1 && rejected.length > 1 ? (
          <Button size="sm" variant="ghost" icon={<Undo2 size={14} />} onClick={() => review.restore(rejected)}>
            Undo all
          </Button>
        ) : null}
        <span className="flex items-center gap-1.5 text-xs">
          <Checkbox
            isChecked={review.viewed.has(file.path)}
            onChange={(isViewed) => review.setViewed(file.path, isViewed)}
            label="Viewed"
          />
          <span className="narrow:hidden" aria-hidden="true">
            <Kbd>V</Kbd>
          </span>
        </span>
      </div>
      {file.hunks.map((hunk) => {
        const item = items.find((one) => one.hunkId === hunk.id);
        return item ? (
          <HunkCard key={hunk.id} hunk={hunk} item={item} review={review} isReadOnly={isReadOnly} isSplit={isSplit} asked={asked} />
        ) : null;
      })}
      {whole ? (
        <article
          data-testid="hunk"
          data-state={whole.isRejected ? "rejected" : review.kept.has(whole.key) ? "kept" : "open"}
          aria-label={`Changes in ${file.path}`}
          aria-current={review.current?.key === whole.key || undefined}
          className="flex flex-wrap items-center gap-2 rounded-3 border border-line-0 bg-bg-1 px-3 py-2.5 text-sm text-fg-1 aria-[current]:border-fg-0 aria-[current]:outline aria-[current]:outline-fg-0"
        >
          <span className="min-w-0 flex-1 basis-40">{reasonOf(file)}</span>
          {review.misfits.has(whole.key) ? <Pill tone="warn">Edited since, not rejected</Pill> : null}
          {whole.isRejected || review.kept.has(whole.key) ? (
            <>
              <Pill tone={whole.isRejected ? "err" : "ok"}>{whole.isRejected ? "Rejected" : "Kept"}</Pill>
              {isReadOnly ? null : (
                <Button size="sm" variant="ghost" icon={<Undo2 size={14} />} onClick={() => review.reopen(whole)}>
                  Undo
                </Button>
              )}
            </>
          ) : isReadOnly ? null : (
            <>
              <Button size="sm" variant="ghost" className="text-err!" keys={<Kbd>R</Kbd>} onClick={() => review.reject([whole])}>
                Reject
              </Button>
              <Button size="sm" keys={<Kbd>A</Kbd>} onClick={() => review.keep([whole])}>
                Keep
              </Button>
            </>
          )}
        </article>
      ) : null}
    </section>
  );
}

/** Why no lines are shown. */
function reasonOf(file: ReviewFile): string {
  if (file.is_binary) return "Binary file not shown.";
  if (file.is_too_large) return "Too large to show. Keep or reject the whole file.";
  if (file.status === "renamed") return "Renamed without changes.";
  if (file.status === "added") return "Empty file added.";
  if (file.status === "deleted") return "Empty file deleted.";
  return "Only the file mode changed.";
}
