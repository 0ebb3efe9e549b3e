import { useQuery } from "@tanstack/react-query";
import type { GitCommit, GitFileDiff } from "@tesslate/contract";
import { ArrowLeft, ChevronRight, GitBranchPlus, Undo2 } from "lucide-react";
import { useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { fileNameOf } from "../../lib/file-tree.ts";
import { formatDateTime } from "../../lib/time.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { FileLetter } from "../../ui/FileLetter.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { Lines } from "../changes/index.ts";
import { Hunks } from "./ChangeLines.tsx";
import { kindOf } from "./changes.ts";
import { commitQuery } from "./git.queries.ts";
import { Refs } from "./Refs.tsx";

/** Up to this many files are expanded initially. */
const openAtOnce = 3;

/** A commit: message, changed files, and actions on it. */
export function CommitDetail({
  projectId,
  commit,
  onBack,
  onBranchFrom,
  onOpenFile,
  onRestoreFile,
  onCommit,
  className,
}: {
  projectId: string;
  commit: GitCommit;
  onBack: () => void;
  onBranchFrom: (commit: GitCommit) => void;
  onOpenFile: (path: string) => void;
  /** Rejects if it fails. */
  onRestoreFile: (path: string, from: string) => Promise<void>;
  onCommit: (sha: string) => void;
  className?: string | undefined;
}) {
  const { api } = useServices();
  const query = useQuery(commitQuery(api, projectId, commit.sha));
  const files = query.data;
  const [title = "", ...rest] = commit.message.split("\n");
  const body = rest.join("\n").trim();
  return (
    <section
      aria-label={`Commit ${commit.sha.slice(0, 7)}`}
      className={cx("flex min-h-0 min-w-0 flex-col border-l border-line-0 narrow:border-l-0", className)}
    >
      <div className="flex-none border-b border-line-0 px-4 py-3 narrow:px-3">
        <div className="flex items-start gap-2">
          <span className="hidden narrow:block">
            <IconButton label="Back to history" onClick={onBack}>
              <ArrowLeft size={14} />
            </IconButton>
          </span>
          <h3 className="min-w-0 flex-1 self-center text-sm leading-read font-semibold break-words text-fg-0">{title || "(no message)"}</h3>
        </div>
        {body ? <p className="mt-1 max-h-40 scroll-y text-sm leading-read break-words whitespace-pre-wrap text-fg-1">{body}</p> : null}
        <p className="mt-1.5 flex flex-wrap items-center gap-x-2 gap-y-1 text-xs text-fg-2">
          <span className="text-fg-1" title={commit.email}>
            {commit.author}
          </span>
          <time dateTime={commit.date}>{formatDateTime(commit.date)}</time>
          <span className="inline-flex items-center gap-0.5">
            <code className="text-fg-1">{commit.sha.slice(0, 7)}</code>
            <CopyButton text={commit.sha} label="Copy full SHA" />
          </span>
          {commit.parents.length > 1 ? <span>Parents</span> : commit.parents.length === 1 ? <span>Parent</span> : <span>First commit</span>}
          {commit.parents.map((parent) => (
            <button key={parent} type="button" className="font-mono underline hover:text-fg-0" onClick={() => onCommit(parent)}>
              {parent.slice(0, 7)}
            </button>
          ))}
        </p>
        <div className="mt-2 flex flex-wrap items-center gap-1.5">
          <Button size="sm" icon={<GitBranchPlus size={14} />} onClick={() => onBranchFrom(commit)}>
            New branch from here…
          </Button>
          <Refs refs={commit.refs} current={undefined} most={6} />
        </div>
      </div>
      <div className="scroll-y min-h-0 flex-1 bg-bg-0 p-3.5 narrow:p-2">
        {query.error ? (
          <LoadFailed title="Couldn't load changes" of={query} className="p-2!" />
        ) : files ? (
          <>
            <p className="flex items-baseline gap-2 pb-2 text-xs">
              <b className="num font-semibold text-fg-0">{files.length === 0 ? "No files changed" : counted(files.length, "file")}</b>
              <Lines
                additions={files.reduce((sum, file) => sum + file.additions, 0)}
                deletions={files.reduce((sum, file) => sum + file.deletions, 0)}
              />
            </p>
            <ul className="grid gap-1.5">
              {files.map((file) => (
                <CommitFile
                  key={file.path}
                  projectId={projectId}
                  commit={commit}
                  file={file}
                  isOpenAtFirst={files.length <= openAtOnce}
                  onOpenFile={onOpenFile}
                  onRestoreFile={onRestoreFile}
                />
              ))}
            </ul>
          </>
        ) : (
          <div role="status" aria-label="Loading changes…" className="grid gap-3">
            <Skeleton className="h-6 w-40" />
            <Skeleton className="h-28" />
          </div>
        )}
      </div>
    </section>
  );
}

function CommitFile({
  projectId,
  commit: { sha, parents },
  file,
  isOpenAtFirst,
  onOpenFile,
  onRestoreFile,
}: {
  projectId: string;
  commit: GitCommit;
  file: GitFileDiff;
  isOpenAtFirst: boolean;
  onOpenFile: (path: string) => void;
  onRestoreFile: (path: string, from: string) => Promise<void>;
}) {
  const { api } = useServices();
  const [isOpen, setIsOpen] = useState(isOpenAtFirst);
  const [isAsking, setIsAsking] = useState(false);
  const isGone = file.status === "D";
  // A deleted file is restored from the parent commit.
  const from = isGone ? parents[0] : sha;
  const alone = useQuery({ ...commitQuery(api, projectId, sha, file.path), enabled: isOpen && file.is_too_large });
  const shown = alone.data?.find((one) => one.path === file.path) ?? file;
  return (
    <li className="min-w-0" data-testid="commit-file">
      <div className="flex min-w-0 items-center gap-1">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
          className="flex min-h-7 min-w-0 flex-1 items-center gap-2 rounded-2 px-1.5 text-left text-sm text-fg-0 hover:bg-bg-2 narrow:min-h-11"
        >
          <ChevronRight size={14} className={cx("flex-none text-fg-3 transition-transform", isOpen && "rotate-90")} />
          <FileLetter status={kindOf(file.status)} />
          <span className="min-w-0 flex-1 truncate font-mono text-xs" title={file.path}>
            {file.old_path === undefined ? file.path : `${file.old_path} → ${file.path}`}
          </span>
          <Lines additions={file.additions} deletions={file.deletions} />
        </button>
        {from === undefined ? null : (
          <IconButton size="sm" label={`Restore ${file.path}`} onClick={() => setIsAsking(true)}>
            <Undo2 size={14} />
          </IconButton>
        )}
        {isGone ? null : (
          <Button
            size="sm"
            variant="ghost"
            className="narrow:hidden"
            onClick={() => onOpenFile(file.path)}
            aria-label={`Open ${file.path} in code`}
          >
            Open
          </Button>
        )}
        <ConfirmDialog
          isOpen={isAsking}
          onOpenChange={setIsAsking}
          title={`Restore ${fileNameOf(file.path)} from ${(from ?? sha).slice(0, 7)}?`}
          confirmLabel="Restore"
          loadingWord="Restoring…"
          onConfirm={async () => {
            await onRestoreFile(file.path, from ?? sha);
          }}
        >
          {isGone
            ? "This restores the file that this commit deleted, as an uncommitted change."
            : "This replaces the current file with the version from this commit, as an uncommitted change."}
        </ConfirmDialog>
      </div>
      {isOpen ? <div className="pt-1 pb-2">{alone.isFetching ? <Skeleton className="h-24" /> : <Hunks file={shown} />}</div> : null}
    </li>
  );
}
