import { useState } from "react";
import { counted } from "../../../lib/counted.ts";
import { Banner } from "../../../ui/Banner.tsx";
import { Button } from "../../../ui/Button.tsx";
import { Checkbox } from "../../../ui/Checkbox.tsx";
import { Dialog } from "../../../ui/Dialog.tsx";
import { DiffBlock } from "../../../ui/DiffBlock.tsx";
import { SkeletonRows } from "../../../ui/Skeleton.tsx";
import { lineDiff } from "./line-diff.ts";
import { hitsIn, type Replacement, type SearchOptions } from "./replace.ts";
import { useReplacePlan, useReplacing } from "./use-replace.ts";

/** Files with a diff; the others are listed by name. */
const firstFiles = 30;

/** Previews "replace all" by file, before it is applied. */
export function ReplaceDialog({
  projectId,
  paths,
  options,
  by,
  onClose,
  onDone,
}: {
  projectId: string;
  paths: readonly string[];
  options: SearchOptions;
  by: string;
  onClose: () => void;
  onDone: () => void;
}) {
  const { list, failure } = useReplacePlan(projectId, paths, options, by);
  const replace = useReplacing(projectId);
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const [isWorking, setIsWorking] = useState(false);
  const [kept, setKept] = useState<readonly string[]>([]);
  const chosen = (list ?? []).filter(({ path }) => !left.has(path));
  const submit = async () => {
    setIsWorking(true);
    const changed = await replace(chosen);
    setIsWorking(false);
    onDone();
    if (changed.length === 0) onClose();
    else setKept(changed);
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => (isOpen || isWorking ? undefined : onClose())}
      title={`Replace “${options.text}” with “${by}”?`}
      width="2xl"
      footer={
        kept.length > 0 ? (
          <Button variant="primary" onClick={onClose}>
            Close
          </Button>
        ) : (
          <>
            <Button variant="ghost" disabled={isWorking} onClick={onClose}>
              Cancel
            </Button>
            <Button
              variant="primary"
              disabled={chosen.length === 0}
              isLoading={isWorking}
              loadingWord="Replacing…"
              onClick={() => void submit()}
            >
              Replace {counted(hitsIn(chosen), "match", "matches")} in {counted(chosen.length, "file")}
            </Button>
          </>
        )
      }
    >
      {failure ? <Banner tone="err">{failure}</Banner> : null}
      {kept.length > 0 ? (
        <Banner tone="warn">
          {kept.length > 5
            ? `Skipped ${counted(kept.length, "file")} with newer changes: ${kept.slice(0, 5).join(", ")}, …`
            : `Skipped ${counted(kept.length, "file")} with newer changes: ${kept.join(", ")}`}
        </Banner>
      ) : null}
      {list === undefined && !failure ? <SkeletonRows count={8} label="Loading files…" /> : null}
      {list?.length === 0 ? <p>No changes</p> : null}
      {kept.length === 0 ? (
        <ul role="list" className="grid gap-4">
          {(list ?? []).map((one, index) => (
            <FileChange
              key={one.path}
              change={one}
              isChosen={!left.has(one.path)}
              hasDiff={index < firstFiles}
              onChoose={(isChosen) =>
                setLeft((last) => {
                  const next = new Set(last);
                  if (isChosen) next.delete(one.path);
                  else next.add(one.path);
                  return next;
                })
              }
            />
          ))}
        </ul>
      ) : null}
    </Dialog>
  );
}

function FileChange({
  change,
  isChosen,
  hasDiff,
  onChoose,
}: {
  change: Replacement;
  isChosen: boolean;
  hasDiff: boolean;
  onChoose: (isChosen: boolean) => void;
}) {
  const [lines] = useState(() => (hasDiff ? lineDiff(change.before, change.after) : undefined));
  return (
    <li className="grid gap-1.5" data-testid="replace-file">
      <div className="flex items-center gap-2 text-xs">
        <Checkbox isChecked={isChosen} onChange={onChoose} label={change.path} />
        <span className="num ml-auto text-fg-2">{counted(change.count, "match", "matches")}</span>
      </div>
      {lines ? <DiffBlock lines={lines} path={change.path} maxHeight="max-h-56" /> : null}
    </li>
  );
}
