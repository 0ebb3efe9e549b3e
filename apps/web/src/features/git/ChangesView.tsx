import { useQuery } from "@tanstack/react-query";
import type { GitChange, GitLink, GitStatus } from "@tesslate/contract";
import { useState } from "react";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { fileNameOf } from "../../lib/file-tree.ts";
import { noSelection, type Selection } from "../../lib/selection.ts";
import { formatDateTime } from "../../lib/time.ts";
import { useServices } from "../../project/services.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { ChangeLines } from "./ChangeLines.tsx";
import { ChangeList, shownChange } from "./ChangeList.tsx";
import { canBeUndone, conflictPrompt, keptFiles } from "./changes.ts";
import { CommitBox } from "./CommitBox.tsx";
import { ConflictEditor } from "./ConflictEditor.tsx";
import { workQuery } from "./git.queries.ts";
import { GitFailure } from "./GitFailure.tsx";
import type { GitActions } from "./use-git-actions.ts";

/** Uncommitted changes by file and hunk, and the conflicts of an unfinished merge. */
export function ChangesView({
  projectId,
  status,
  link,
  actions,
  onOpenFile,
  onCompose,
}: {
  projectId: string;
  status: GitStatus;
  link: GitLink | undefined;
  actions: GitActions;
  onOpenFile: (path: string) => void;
  onCompose: (text: string) => void;
}) {
  const { api } = useServices();
  const { changes, operation, has_conflicts } = status;
  const staged = useQuery({ ...workQuery(api, projectId, true), enabled: status.staged_count > 0 });
  const unstaged = useQuery({ ...workQuery(api, projectId, false), enabled: status.unstaged_count + status.untracked_count > 0 });
  const [selection, setSelection] = useState<Selection>(noSelection);
  const [isOnLines, setIsOnLines] = useState(false);
  const [discarding, setDiscarding] = useState<{ changes: readonly GitChange[]; hunk?: string }>();
  const [isAborting, setIsAborting] = useState(false);
  const shown = shownChange(changes, selection);
  const conflicts = changes.filter((change) => change.status === "U").map(({ path }) => path);
  const total = status.staged_count + status.unstaged_count + status.untracked_count;
  const ask = (paths: readonly string[]) => onCompose(conflictPrompt(paths, operation, status.branch));

  return (
    <div className="grid min-h-0 flex-1 grid-cols-[minmax(240px,300px)_minmax(0,1fr)] grid-rows-1 narrow:grid-cols-1">
      <div className={cx("flex min-h-0 min-w-0 flex-col border-r border-line-0 narrow:border-r-0", isOnLines && shown && "narrow:hidden")}>
        {operation ? (
          <div role="status" className="grid flex-none gap-2 border-b border-line-0 bg-warn-soft px-3 py-2.5 text-sm text-fg-0">
            <p>
              Unfinished {operation} into <span className="font-mono text-xs">{status.branch}</span>.{" "}
              {has_conflicts
                ? `Resolve the conflicts in ${counted(conflicts.length, "file")}.`
                : `All conflicts are resolved. Finish the ${operation} below.`}
            </p>
            <span className="flex flex-wrap gap-1.5">
              {has_conflicts ? (
                <Button size="sm" onClick={() => ask(conflicts)}>
                  Ask the agent
                </Button>
              ) : null}
              <Button size="sm" variant="danger" onClick={() => setIsAborting(true)}>
                Abort {operation}…
              </Button>
            </span>
          </div>
        ) : null}
        <GitFailure failure={actions.failureAt("changes")} onDismiss={actions.clearFailure} />
        {changes.length === 0 ? (
          <div className="min-h-0 flex-1">
            <EmptyState title={operation ? "No changes" : "Nothing to commit"} className="p-4!">
              {operation
                ? `The resolved files are the same as before. You can finish the ${operation}.`
                : "Changes by you and the agent appear here."}
            </EmptyState>
          </div>
        ) : (
          <ChangeList
            status={status}
            staged={staged.data}
            unstaged={unstaged.data}
            selection={selection}
            onSelection={setSelection}
            onOpen={() => setIsOnLines(true)}
            onStage={(some) => void actions.stage({ paths: some.map(({ path }) => path) })}
            onUnstage={(some) =>
              void actions.unstage({ paths: some.flatMap(({ path, old_path }) => (old_path ? [path, old_path] : [path])) })
            }
            onDiscard={(some) => setDiscarding({ changes: some })}
          />
        )}
        {total > changes.length ? (
          <p className="flex-none px-3 py-1 text-xs text-fg-2">
            Showing the first {changes.length} of {total} changes.
          </p>
        ) : null}
        <CommitBox projectId={projectId} status={status} link={link} actions={actions} />
      </div>
      <div className={cx("flex min-h-0 min-w-0 flex-col", !isOnLines && "narrow:hidden")}>
        <GitFailure failure={actions.failureAt("conflict")} onDismiss={actions.clearFailure} />
        {!shown ? (
          <LastCommit status={status} link={link} />
        ) : shown.status === "U" ? (
          <ConflictEditor
            key={shown.path}
            projectId={projectId}
            path={shown.path}
            status={status}
            actions={actions}
            onAsk={ask}
            onBack={() => setIsOnLines(false)}
          />
        ) : (
          <ChangeLines
            key={`${shown.staged}:${shown.path}`}
            projectId={projectId}
            change={shown}
            actions={actions}
            onDiscard={(change, hunk) => setDiscarding({ changes: [change], ...(hunk !== undefined && { hunk }) })}
            onOpenFile={onOpenFile}
            onBack={() => setIsOnLines(false)}
          />
        )}
      </div>
      <DiscardDialog discarding={discarding} actions={actions} onClose={() => setDiscarding(undefined)} />
      <ConfirmDialog
        isOpen={isAborting}
        onOpenChange={setIsAborting}
        title={`Abort ${operation ?? "merge"}?`}
        confirmLabel={`Abort ${operation ?? "merge"}`}
        loadingWord="Aborting…"
        isDanger
        onConfirm={async () => {
          await actions.abort();
        }}
      >
        This restores the files to before the {operation ?? "merge"}. Conflicts that you already resolved are lost.
      </ConfirmDialog>
    </div>
  );
}

/** Shown while no change is selected. */
function LastCommit({ status: { last_commit, branch, ahead, remote_branch }, link }: { status: GitStatus; link: GitLink | undefined }) {
  if (!last_commit) return null;
  return (
    <div className="grid gap-1 p-4 text-sm narrow:hidden">
      <h3 className="text-xs font-medium text-fg-2">Last commit on {branch}</h3>
      <p className="font-medium text-fg-0">{last_commit.message}</p>
      <p className="text-xs text-fg-2">
        {last_commit.author}, <time dateTime={last_commit.date}>{formatDateTime(last_commit.date)}</time>,{" "}
        <code className="text-fg-1">{last_commit.sha.slice(0, 7)}</code>
      </p>
      {link && ahead > 0 ? (
        <p className="text-xs text-fg-2">
          {counted(ahead, "commit")} not pushed to {remote_branch ?? "the remote"} yet.
        </p>
      ) : null}
    </div>
  );
}

function DiscardDialog({
  discarding,
  actions,
  onClose,
}: {
  discarding: { changes: readonly GitChange[]; hunk?: string } | undefined;
  actions: GitActions;
  onClose: () => void;
}) {
  const some = discarding?.changes ?? [];
  /** The request that failed because its changes could not be kept for undo. */
  const [unrecoverable, setUnrecoverable] = useState<object>();
  const isFinal = discarding !== undefined && unrecoverable === discarding;
  const [only] = some;
  const created = some.filter((change) => change.status === "??").length;
  const title =
    discarding?.hunk !== undefined
      ? `Discard this change in ${fileNameOf(only?.path ?? "")}?`
      : some.length === 1
        ? `Discard changes in ${fileNameOf(only?.path ?? "")}?`
        : `Discard changes in ${counted(some.length, "file")}?`;
  return (
    <ConfirmDialog
      isOpen={discarding !== undefined}
      onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}
      title={title}
      confirmLabel="Discard"
      loadingWord="Discarding…"
      isDanger
      onConfirm={async () => {
        const hunks = discarding?.hunk !== undefined && only ? [{ path: only.path, ids: [discarding.hunk] }] : undefined;
        // The failure is shown above the list.
        if ((await actions.discard(some, { hunks, isFinal })) !== "not_kept") return;
        setUnrecoverable(discarding);
        throw new Error("Nothing was discarded, because these changes couldn't be kept for undo. Discard again to lose them permanently.");
      }}
    >
      {created === 0
        ? "This restores the staged or committed version."
        : created < some.length
          ? `This restores the staged or committed versions and deletes ${counted(created, "new file")}.`
          : created === 1
            ? "This file isn't in Git yet, so discarding deletes it."
            : "These files aren't in Git yet, so discarding deletes them."}{" "}
      {canBeUndone(some) && !isFinal
        ? "You can undo it for 10 seconds."
        : some.length > keptFiles
          ? `This can't be undone, because it affects more than ${keptFiles} files.`
          : "This can't be undone."}
    </ConfirmDialog>
  );
}
