import type { GitLink, GitStatus } from "@tesslate/contract";
import {
  ArrowDown,
  ArrowUp,
  ChevronDown,
  Cloud,
  CloudDownload,
  CloudOff,
  Ellipsis,
  FileDiff,
  GitPullRequest,
  History,
  RefreshCw,
} from "lucide-react";
import { useState } from "react";
import { formatDateTime, formatRelativeTime } from "../../lib/time.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { Bar } from "../../ui/Panel.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { BranchMenu } from "./BranchMenu.tsx";
import type { GitActions, Strategy } from "./use-git-actions.ts";

export type GitView = "changes" | "history";
export interface GitAsks {
  switchTo: (branch: string) => void;
  newBranch: () => void;
  deleteBranch: (branch: string) => void;
  remote: () => void;
  clone: () => void;
  pull: (strategy: Strategy) => void;
  push: (options?: { force?: boolean }) => void;
  fetch: () => void;
  pullRequest: () => void;
}

/** The current branch, its distance to the remote, and the actions on both. */
export function GitBar({
  projectId,
  status,
  link,
  view,
  onView,
  actions,
  asks,
}: {
  projectId: string;
  status: GitStatus;
  link: GitLink | undefined;
  view: GitView;
  onView: (view: GitView) => void;
  actions: GitActions;
  asks: GitAsks;
}) {
  const [isForcing, setIsForcing] = useState(false);
  const isNarrow = useIsNarrow();
  const { ahead, behind, remote_branch, detached, last_commit } = status;
  const canPush = link !== undefined && !detached && last_commit !== null;
  return (
    <Bar label="Git" className="border-b border-line-0 px-2 narrow:h-auto! narrow:min-h-12 narrow:flex-wrap narrow:py-1">
      <BranchMenu projectId={projectId} status={status} onSwitch={asks.switchTo} onNew={asks.newBranch} onDelete={asks.deleteBranch} />
      {link ? (
        <>
          <span
            className="num flex flex-none items-center gap-1.5 px-1 text-xs text-fg-2"
            role="status"
            title={link.last_sync_at ? `Last synced ${formatDateTime(link.last_sync_at)}` : "Not synced yet"}
          >
            {remote_branch === null ? (
              <span>Not published yet</span>
            ) : ahead === 0 && behind === 0 ? (
              <span className="narrow:sr-only">Up to date with {remote_branch}</span>
            ) : (
              <>
                {ahead > 0 ? (
                  <span className="inline-flex items-center" title={`${ahead} not pushed`}>
                    <ArrowUp size={12} aria-hidden="true" />
                    {ahead}
                    <span className="sr-only"> not pushed</span>
                  </span>
                ) : null}
                {behind > 0 ? (
                  <span className="inline-flex items-center" title={`${behind} not pulled`}>
                    <ArrowDown size={12} aria-hidden="true" />
                    {behind}
                    <span className="sr-only"> not pulled</span>
                  </span>
                ) : null}
              </>
            )}
          </span>
          <Button
            size="sm"
            variant="ghost"
            icon={<CloudDownload size={14} />}
            isLoading={actions.isDoing("fetch")}
            loadingWord="Fetching…"
            title={link.last_sync_at ? `Last synced ${formatRelativeTime(link.last_sync_at)}` : undefined}
            onClick={asks.fetch}
          >
            Fetch
          </Button>
          <span className="inline-flex flex-none">
            <Button
              size="sm"
              className="rounded-r-none!"
              disabled={detached}
              isLoading={actions.isDoing("pull")}
              loadingWord="Pulling…"
              icon={<ArrowDown size={14} />}
              onClick={() => asks.pull("merge")}
            >
              Pull
            </Button>
            <Menu
              label="Pull options"
              trigger={
                <Button size="sm" className="-ml-px! rounded-l-none! px-1!" aria-label="Pull options" disabled={detached}>
                  <ChevronDown size={14} />
                </Button>
              }
              entries={[
                { label: "Merge", hint: "Combines both histories with a merge commit", onSelect: () => asks.pull("merge") },
                { label: "Rebase", hint: "Moves your commits on top of theirs", onSelect: () => asks.pull("rebase") },
                { label: "Fast-forward only", hint: "Only if you have no local commits", onSelect: () => asks.pull("ff-only") },
              ]}
            />
          </span>
          <Button
            size="sm"
            disabled={!canPush}
            isLoading={actions.isDoing("push")}
            loadingWord="Pushing…"
            icon={<ArrowUp size={14} />}
            onClick={() => asks.push()}
          >
            {remote_branch === null && canPush ? "Publish branch" : "Push"}
          </Button>
        </>
      ) : (
        <Button size="sm" icon={<CloudOff size={14} />} onClick={asks.remote}>
          Connect remote
        </Button>
      )}
      <span className="flex-1" />
      <SegmentedControl<GitView>
        label="Git view"
        value={view}
        onChange={onView}
        segments={[
          { value: "changes", label: "Changes", icon: <FileDiff size={14} />, isLabelShown: !isNarrow },
          { value: "history", label: "History", icon: <History size={14} />, isLabelShown: !isNarrow },
        ]}
      />
      <Menu
        label="More Git actions"
        align="end"
        trigger={
          <IconButton label="More Git actions">
            <Ellipsis size={14} />
          </IconButton>
        }
        entries={[
          {
            label: link ? "Remote repository…" : "Connect remote…",
            ...(link && { hint: link.repo_url }),
            icon: <Cloud size={14} />,
            onSelect: asks.remote,
          },
          ...(canPush && link.provider !== "git"
            ? [
                {
                  label: link.provider === "gitlab" ? "Create merge request…" : "Create pull request…",
                  icon: <GitPullRequest size={14} />,
                  onSelect: asks.pullRequest,
                },
              ]
            : []),
          { label: "Refresh", icon: <RefreshCw size={14} />, onSelect: () => void actions.refresh() },
          "-",
          {
            label: "Force push…",
            hint: "Overwrites the remote's history with yours",
            isDisabled: !canPush,
            isDanger: true,
            onSelect: () => setIsForcing(true),
          },
          { label: "Replace files with a repository…", isDanger: true, onSelect: asks.clone },
        ]}
      />
      <ConfirmDialog
        isOpen={isForcing}
        onOpenChange={setIsForcing}
        title={`Force push ${status.branch}?`}
        confirmLabel="Force push"
        isDanger
        onConfirm={() => asks.push({ force: true })}
      >
        This deletes commits on the remote branch that you don't have locally, for everyone. The push fails if someone else pushed since
        your last fetch.
      </ConfirmDialog>
    </Bar>
  );
}
