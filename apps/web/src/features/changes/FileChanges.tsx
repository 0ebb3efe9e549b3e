import { useQuery } from "@tanstack/react-query";
import type { SnapshotDiff } from "@tesslate/contract";
import { ChevronRight } from "lucide-react";
import { useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { diffLines } from "../../lib/diff-lines.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { DiffBlock } from "../../ui/DiffBlock.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { fileDiffQuery, type Point } from "./changes.queries.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

type Change = SnapshotDiff["files"][number];
const marks: Record<Change["status"], { letter: string; word: string; ink: string }> = {
  added: { letter: "A", word: "added", ink: "text-diff-add-ink" },
  modified: { letter: "M", word: "modified", ink: "text-fg-2" },
  deleted: { letter: "D", word: "deleted", ink: "text-diff-del-ink" },
  renamed: { letter: "R", word: "renamed", ink: "text-fg-2" },
};

/** Changed files. Each can be expanded to show its lines. */
export function FileChanges({ projectId, from, to, diff }: { projectId: string; from: Point; to: string; diff: SnapshotDiff }) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const toggle = (path: string) =>
    setOpen((paths) => {
      const next = new Set(paths);
      if (!next.delete(path)) next.add(path);
      return next;
    });
  return (
    <ul className="grid gap-px">
      {diff.files.map((file) => {
        const mark = marks[file.status];
        const isOpen = open.has(file.path);
        return (
          <li key={file.path} data-testid="file-row" className="min-w-0">
            <button
              type="button"
              aria-expanded={isOpen}
              onClick={() => toggle(file.path)}
              className="flex min-h-7 w-full min-w-0 items-center gap-2 rounded-2 px-2 text-left text-sm text-fg-0 hover:bg-bg-2 narrow:min-h-11"
            >
              <ChevronRight size={14} className={cx("flex-none text-fg-3 transition-transform", isOpen && "rotate-90")} />
              <span className={cx("w-3 flex-none font-mono text-xs", mark.ink)} title={mark.word}>
                <span aria-hidden="true">{mark.letter}</span>
                <span className="sr-only">{mark.word}</span>
              </span>
              <span className="min-w-0 flex-1 truncate font-mono text-xs" title={file.path}>
                {file.old_path === null ? file.path : `${file.old_path} → ${file.path}`}
              </span>
              <Lines additions={file.additions} deletions={file.deletions} />
            </button>
            {isOpen ? (
              <div className="pt-1 pr-2 pb-2 pl-7">
                <Patch projectId={projectId} from={from} to={to} file={file} />
              </div>
            ) : null}
          </li>
        );
      })}
      {diff.total > diff.files.length ? (
        <li className="px-2 pt-1 text-xs text-fg-2">{counted(diff.total - diff.files.length, "more file")} not shown</li>
      ) : null}
    </ul>
  );
}

export const Lines = ({ additions, deletions }: { additions: number; deletions: number }) =>
  additions + deletions === 0 ? null : (
    <span className="num flex flex-none gap-1.5 text-xs">
      <span className="text-diff-add-ink" aria-label={`${counted(additions, "line")} added`}>
        +{additions}
      </span>
      <span className="text-diff-del-ink" aria-label={`${counted(deletions, "line")} removed`}>
        −{deletions}
      </span>
    </span>
  );

function Patch({ projectId, from, to, file }: { projectId: string; from: Point; to: string; file: Change }) {
  const { api } = useServices();
  const isLeftOut = file.patch === null && !file.is_binary && file.additions + file.deletions > 0;
  const alone = useQuery({ ...fileDiffQuery(api, projectId, from, to, file.path), enabled: isLeftOut });
  const patch = file.patch ?? alone.data ?? null;
  if (patch !== null) return <DiffBlock lines={diffLines(patch)} path={file.path} maxHeight="max-h-96" />;
  if (file.is_binary) return <p className="text-xs text-fg-2">Binary file not shown.</p>;
  if (!isLeftOut) return <p className="text-xs text-fg-2">Content unchanged.</p>;
  if (alone.error)
    return (
      <p role="alert" className="flex items-center gap-2 text-xs text-err">
        <ErrorSentence of={alone.error} />
        <Button size="sm" onClick={() => void alone.refetch()}>
          Retry
        </Button>
      </p>
    );
  return alone.isPending ? <Skeleton className="h-16" /> : <p className="text-xs text-fg-2">Too large to show.</p>;
}
