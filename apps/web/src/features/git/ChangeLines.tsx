import { useQuery } from "@tanstack/react-query";
import type { GitChange, GitFileDiff } from "@tesslate/contract";
import { ArrowLeft } from "lucide-react";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { FileLetter } from "../../ui/FileLetter.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Skeleton } from "../../ui/Skeleton.tsx";
import { Lines } from "../changes/index.ts";
import { diffOf, kindOf } from "./changes.ts";
import { workFileQuery, workQuery } from "./git.queries.ts";
import { GitHunk, noLinesReason } from "./GitHunk.tsx";
import type { GitActions } from "./use-git-actions.ts";

/** The hunks of a changed file. Each can be staged, unstaged or discarded. */
export function ChangeLines({
  projectId,
  change,
  actions,
  onDiscard,
  onOpenFile,
  onBack,
}: {
  projectId: string;
  change: GitChange;
  actions: GitActions;
  onDiscard: (change: GitChange, hunk?: string) => void;
  onOpenFile: (path: string) => void;
  onBack: () => void;
}) {
  const { api } = useServices();
  const all = useQuery(workQuery(api, projectId, change.staged));
  const listed = diffOf(all.data, change.path);
  const alone = useQuery({
    ...workFileQuery(api, projectId, change.staged, change.path),
    enabled: all.data !== undefined && (listed === undefined || listed.is_too_large) && !change.path.endsWith("/"),
  });
  const file = listed?.is_too_large === false ? listed : (alone.data ?? listed);
  const error = all.error ?? alone.error;
  const isWholeOnly = change.status === "??";
  const { path } = change;
  const whole = { paths: [path] };
  return (
    <section aria-label={path} className="flex min-h-0 min-w-0 flex-1 flex-col">
      <div className="flex min-h-10 flex-none flex-wrap items-center gap-x-2 gap-y-1 border-b border-line-0 bg-bg-1 px-3 py-1.5 text-sm">
        <span className="hidden narrow:block">
          <IconButton label="Back to changes" onClick={onBack}>
            <ArrowLeft size={14} />
          </IconButton>
        </span>
        <FileLetter status={kindOf(change.status)} />
        <h3 className="min-w-0 truncate font-mono text-xs font-normal text-fg-0" title={path}>
          {change.old_path ? `${change.old_path} → ${path}` : path}
        </h3>
        {file ? <Lines additions={file.additions} deletions={file.deletions} /> : null}
        <span className="text-xs text-fg-2">{change.staged ? "staged" : ""}</span>
        <span className="flex-1" />
        {change.status === "D" || path.endsWith("/") ? null : (
          <Button size="sm" variant="ghost" className="narrow:hidden" onClick={() => onOpenFile(path)}>
            Open in code
          </Button>
        )}
        {change.staged ? (
          <Button size="sm" onClick={() => void actions.unstage(whole)}>
            Unstage file
          </Button>
        ) : (
          <>
            <Button size="sm" variant="ghost" className="text-err!" onClick={() => onDiscard(change)}>
              Discard file…
            </Button>
            <Button size="sm" onClick={() => void actions.stage(whole)}>
              Stage file
            </Button>
          </>
        )}
      </div>
      <div className="scroll-y min-h-0 min-w-0 flex-1 bg-bg-0 p-3.5 narrow:p-2" aria-busy={actions.isBusy}>
        {error && !file ? (
          <LoadFailed title="Couldn't load changes" of={all.error ? all : alone} className="p-2!" />
        ) : file ? (
          <Hunks
            file={file}
            actionsOf={(hunk) =>
              isWholeOnly ? null : change.staged ? (
                <Button
                  size="sm"
                  disabled={actions.isBusy}
                  onClick={() => void actions.unstage({ hunks: [{ path, ids: [hunk] }] })}
                  aria-label="Unstage this change"
                >
                  Unstage
                </Button>
              ) : (
                <>
                  <Button
                    size="sm"
                    variant="ghost"
                    className="text-err!"
                    disabled={actions.isBusy}
                    onClick={() => onDiscard(change, hunk)}
                    aria-label="Discard this change"
                  >
                    Discard…
                  </Button>
                  <Button
                    size="sm"
                    disabled={actions.isBusy}
                    onClick={() => void actions.stage({ hunks: [{ path, ids: [hunk] }] })}
                    aria-label="Stage this change"
                  >
                    Stage
                  </Button>
                </>
              )
            }
          />
        ) : all.isPending || alone.isFetching ? (
          <div role="status" aria-label="Loading changes…" className="grid gap-3">
            <Skeleton className="h-36" />
            <Skeleton className="h-24" />
          </div>
        ) : (
          <p className="text-sm text-fg-2">
            {path.endsWith("/") ? "This folder has too many new files to list." : "This file has no changes."}
          </p>
        )}
      </div>
    </section>
  );
}

/** All hunks of a file. */
export function Hunks({ file, actionsOf }: { file: GitFileDiff; actionsOf?: (hunk: string) => React.ReactNode }) {
  if (file.hunks.length === 0) return <p className="text-sm text-fg-2">{noLinesReason(file)}</p>;
  return (
    <div className="grid min-w-0 gap-2.5">
      {file.hunks.map((hunk) => (
        <GitHunk key={hunk.id} path={file.path} hunk={hunk} actions={actionsOf?.(hunk.id)} />
      ))}
    </div>
  );
}
