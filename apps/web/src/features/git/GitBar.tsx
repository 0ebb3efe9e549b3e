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
import { agoOf, momentOf } from "../../lib/time.ts";
import { useIsNarrow } from "../../lib/use-is-narrow.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { Bar } from "../../ui/Panel.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { BranchMenu } from "./BranchMenu.tsx";
import type { GitActs, Strategy } from "./use-git-acts.ts";

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

/** Branch, how far it is from the remote, and what goes between the two. */
export function GitBar({
  projectId,
  status,
  link,
  view,
  onView,
  acts,
  asks,
}: {
  projectId: string;
  status: GitStatus;
  link: GitLink | undefined;
  view: GitView;
  onView: (view: GitView) => void;
  acts: GitActs;
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
            title={link.last_sync_at ? `Last exchanged ${momentOf(link.last_sync_at)}` : "Never exchanged yet"}
          >
            {remote_branch === null ? (
              <span>not on the remote yet</span>
            ) : ahead === 0 && behind === 0 ? (
              <span className="narrow:sr-only">same as {remote_branch}</span>
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
            isLoading={acts.isDoing("fetch")}
            loadingWord="Fetching"
            title={link.last_sync_at ? `Last exchanged ${agoOf(link.last_sync_at)}` : undefined}
            onClick={asks.fetch}
          >
            Fetch
          </Button>
          <span className="inline-flex flex-none">
            <Button
              size="sm"
              className="rounded-r-none!"
              disabled={detached}
              isLoading={acts.isDoing("pull")}
              loadingWord="Pulling"
              icon={<ArrowDown size={14} />}
              onClick={() => asks.pull("merge")}
            >
              Pull
            </Button>
            <Menu
              label="How to pull"
              trigger={
                <Button size="sm" className="-ml-px! rounded-l-none! px-1!" aria-label="How to pull" disabled={detached}>
                  <ChevronDown size={14} />
                </Button>
              }
              entries={[
                { label: "Merge", hint: "Both sides stay; a commit joins them", onSelect: () => asks.pull("merge") },
                { label: "Rebase", hint: "Your commits are put on top of theirs", onSelect: () => asks.pull("rebase") },
                { label: "Fast-forward only", hint: "Only where you have no commits of your own", onSelect: () => asks.pull("ff-only") },
              ]}
            />
          </span>
          <Button
            size="sm"
            disabled={!canPush}
            isLoading={acts.isDoing("push")}
            loadingWord="Pushing"
            icon={<ArrowUp size={14} />}
            onClick={() => asks.push()}
          >
            {remote_branch === null && canPush ? "Publish" : "Push"}
          </Button>
        </>
      ) : (
        <Button size="sm" icon={<CloudOff size={14} />} onClick={asks.remote}>
          Connect a remote
        </Button>
      )}
      <span className="flex-1" />
      <SegmentedControl<GitView>
        label="What of git"
        value={view}
        onChange={onView}
        segments={[
          { value: "changes", label: "Changes", icon: <FileDiff size={14} />, isLabelShown: !isNarrow },
          { value: "history", label: "History", icon: <History size={14} />, isLabelShown: !isNarrow },
        ]}
      />
      <Menu
        label="More of git"
        align="end"
        trigger={
          <IconButton label="More of git">
            <Ellipsis size={14} />
          </IconButton>
        }
        entries={[
          {
            label: link ? "Remote repository…" : "Connect a remote…",
            ...(link && { hint: link.repo_url }),
            icon: <Cloud size={14} />,
            onSelect: asks.remote,
          },
          ...(canPush && link.provider !== "git"
            ? [
                {
                  label: link.provider === "gitlab" ? "Open a merge request…" : "Open a pull request…",
                  icon: <GitPullRequest size={14} />,
                  onSelect: asks.pullRequest,
                },
              ]
            : []),
          { label: "Look again", icon: <RefreshCw size={14} />, onSelect: () => void acts.refresh() },
          "-",
          {
            label: "Force push…",
            hint: "Puts your history in the place of the remote's",
            isDisabled: !canPush,
            isDanger: true,
            onSelect: () => setIsForcing(true),
          },
          { label: "Replace the files by a repository…", isDanger: true, onSelect: asks.clone },
        ]}
      />
      <ConfirmDialog
        isOpen={isForcing}
        onOpenChange={setIsForcing}
        title={`Push ${status.branch} by force?`}
        act="Force push"
        isDanger
        onConfirm={() => asks.push({ force: true })}
      >
        What the remote has on this branch and you do not is lost there, for everybody. It is refused when somebody pushed since you last
        fetched.
      </ConfirmDialog>
    </Bar>
  );
}
