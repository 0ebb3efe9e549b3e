import type { GitCommit, Task } from "@tesslate/contract";
import { CloudDownload, GitBranch, Link2 } from "lucide-react";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { hasCode } from "../../lib/errors.ts";
import { formatPercent } from "../../lib/numbers.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { useProject, useProjectEvents, useProjectQuery, useTasks } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { useWorkbenchActions } from "../../project/workbench-actions.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { LoadFailed, ShownFromBefore, type LoadFailedProps } from "../../ui/LoadFailed.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { toast } from "../../ui/toast.tsx";
import { DeleteBranchDialog, NewBranchDialog, SwitchDialog } from "./BranchDialogs.tsx";
import { ChangesView } from "./ChangesView.tsx";
import { gitStateQuery, type GitState } from "./git.queries.ts";
import { GitBar, type GitAsks, type GitView } from "./GitBar.tsx";
import { GitFailure } from "./GitFailure.tsx";
import { HistoryView } from "./HistoryView.tsx";
import { PullRequestDialog } from "./PullRequestDialog.tsx";
import { CloneDialog, RemoteDialog } from "./RemoteDialogs.tsx";
import { useGitActions, type GitActions } from "./use-git-actions.ts";

type Asked =
  | { kind: "switch"; branch: string }
  | { kind: "delete"; branch: string }
  | { kind: "new"; from: { sha: string; name: string } | undefined }
  | { kind: "remote" }
  | { kind: "request" }
  | { kind: "clone" };

/** If the status is older than this, it is loaded again when the person returns to the pane. */
const unseenMs = 3000;

/** The project's repository: changes, branches, history and remote. */
export function GitPane() {
  const project = useProject();
  const events = useProjectEvents();
  const { api } = useServices();
  const query = useProjectQuery(gitStateQuery(api, project.id));
  const { refetch } = query;
  const actions = useGitActions(project.id);
  const [asked, setAsked] = useState<Asked>();
  // Git commands in a terminal send no events, so the status is loaded when the pane opens or gets the focus again.
  useEffect(() => {
    if (events.isSettled) void refetch({ cancelRefetch: false });
  }, [events.isSettled, refetch]);
  const pane = useRef<HTMLElement>(null);
  const comeBack = useHandler((event: FocusEvent | PointerEvent) => {
    if (event.relatedTarget instanceof Node && pane.current?.contains(event.relatedTarget)) return;
    if (query.data?.status && !query.isFetching && Date.now() - query.dataUpdatedAt > unseenMs) void actions.refresh();
  });
  useEffect(() => {
    const box = pane.current;
    box?.addEventListener("pointerenter", comeBack);
    box?.addEventListener("focusin", comeBack);
    return () => {
      box?.removeEventListener("pointerenter", comeBack);
      box?.removeEventListener("focusin", comeBack);
    };
  }, [comeBack]);
  const close = () => setAsked(undefined);
  const state = query.data;
  return (
    <section ref={pane} aria-label="Git" className="flex min-h-0 min-w-0 flex-1 flex-col">
      <CloneProgress onEnd={() => void actions.refresh()} />
      {!state ? (
        query.error && !query.isFetching ? (
          <LoadFailed title="Couldn't load repository" of={query} />
        ) : (
          <SkeletonRows count={8} label="Loading repository…" className="p-4" />
        )
      ) : state.status === null ? (
        <StartGit actions={actions} onRemote={() => setAsked({ kind: "remote" })} onClone={() => setAsked({ kind: "clone" })} />
      ) : (
        <Repository state={{ ...state, status: state.status }} query={query} actions={actions} onAsk={setAsked} />
      )}
      {asked?.kind === "switch" && state?.status ? (
        <SwitchDialog
          branch={asked.branch}
          status={state.status}
          actions={actions}
          onClose={close}
          onCommitFirst={() => {
            close();
            // After the dialog has restored the focus.
            setTimeout(() => document.querySelector<HTMLElement>("textarea[aria-label='Commit message']")?.focus(), 50);
          }}
        />
      ) : null}
      {asked?.kind === "new" ? <NewBranchDialog from={asked.from} actions={actions} onClose={close} /> : null}
      {asked?.kind === "delete" ? <DeleteBranchDialog branch={asked.branch} actions={actions} onClose={close} /> : null}
      {asked?.kind === "remote" ? <RemoteDialog link={state?.link ?? undefined} actions={actions} onClose={close} /> : null}
      {asked?.kind === "request" && state?.status && state.link ? (
        <PullRequestDialog status={state.status} link={state.link} actions={actions} onClose={close} />
      ) : null}
      {asked?.kind === "clone" ? <CloneDialog link={state?.link ?? undefined} actions={actions} onClose={close} /> : null}
    </section>
  );
}

function Repository({
  state: { status, link: given },
  query,
  actions,
  onAsk,
}: {
  state: GitState & { status: NonNullable<GitState["status"]> };
  query: LoadFailedProps["of"];
  actions: GitActions;
  onAsk: (asked: Asked) => void;
}) {
  const project = useProject();
  const { openFile, compose } = useWorkbenchActions();
  const [view, setView] = useState<GitView>("changes");
  const link = given ?? undefined;
  const switchTo = async (branch: string) => {
    if (status.changes.length > 0) return onAsk({ kind: "switch", branch });
    await actions.switchTo(branch);
  };
  const pull: GitAsks["pull"] = async (strategy) => {
    const pulled = await actions.pull(strategy);
    if (!pulled) return;
    if (pulled.success) toast(pulled.message);
    else setView("changes");
  };
  const asks: GitAsks = {
    switchTo: (branch) => void switchTo(branch),
    newBranch: () => onAsk({ kind: "new", from: undefined }),
    deleteBranch: (branch) => onAsk({ kind: "delete", branch }),
    remote: () => onAsk({ kind: "remote" }),
    clone: () => onAsk({ kind: "clone" }),
    pull,
    push: (options) => void actions.push(options).then((pushed) => pushed && toast(`${pushed.branch} pushed.`)),
    fetch: () => void actions.fetch(),
    pullRequest: () => onAsk({ kind: "request" }),
  };
  const branchFrom = ({ sha, message }: GitCommit) =>
    onAsk({ kind: "new", from: { sha, name: `${sha.slice(0, 7)}, “${(message.split("\n")[0] ?? "").slice(0, 80)}”` } });
  const failed = actions.failureAt("sync");
  return (
    <>
      <GitBar projectId={project.id} status={status} link={link} view={view} onView={setView} actions={actions} asks={asks} />
      {query.error !== null && !query.isFetching ? <ShownFromBefore of={query} className="m-2 mb-0 flex-none" /> : null}
      <GitFailure failure={actions.failureAt("branch")} onDismiss={actions.clearFailure} />
      <GitFailure
        failure={failed}
        onDismiss={actions.clearFailure}
        action={
          failed && hasCode(failed.error, "push_rejected") ? (
            <Button size="sm" onClick={() => asks.pull("merge")}>
              Pull
            </Button>
          ) : failed && hasCode(failed.error, "not_fast_forward") ? (
            <>
              <Button size="sm" onClick={() => asks.pull("merge")}>
                Merge
              </Button>
              <Button size="sm" onClick={() => asks.pull("rebase")}>
                Rebase
              </Button>
            </>
          ) : null
        }
      />
      {status.detached && status.operation === null ? (
        <Banner
          tone="warn"
          className="m-2 mb-0 flex-none"
          action={
            <Button size="sm" onClick={() => onAsk({ kind: "new", from: undefined })}>
              Create branch
            </Button>
          }
        >
          No branch is checked out (detached HEAD at <span className="font-mono text-xs">{status.branch}</span>). New commits won't belong
          to any branch.
        </Banner>
      ) : null}
      {view === "changes" ? (
        <ChangesView projectId={project.id} status={status} link={link} actions={actions} onOpenFile={openFile} onCompose={compose} />
      ) : (
        <HistoryView
          projectId={project.id}
          status={status}
          onBranchFrom={branchFrom}
          onOpenFile={openFile}
          onRestoreFile={actions.restoreFile}
        />
      )}
    </>
  );
}

/** The three ways to get a repository. */
function StartGit({ actions, onRemote, onClone }: { actions: GitActions; onRemote: () => void; onClone: () => void }) {
  return (
    <div className="scroll-y min-h-0 flex-1">
      <EmptyState title="No Git repository yet">
        A repository records commits and branches, and can be pushed to a host such as GitHub. Snapshots and checkpoints work without one.
      </EmptyState>
      <GitFailure failure={actions.failureAt("start")} onDismiss={actions.clearFailure} />
      <ul className="grid max-w-160 gap-2 px-6 pb-6 narrow:px-3">
        <Way
          title="Create a repository"
          hint="Files aren't affected. Your first commit adds them."
          action={
            <Button
              variant="primary"
              icon={<GitBranch size={14} />}
              isLoading={actions.isDoing("init")}
              loadingWord="Creating…"
              onClick={() => void actions.init()}
            >
              Create repository
            </Button>
          }
        />
        <Way
          title="Connect a remote repository"
          hint="An empty repository on GitHub, GitLab, Bitbucket, Gitea or any other host."
          action={
            <Button icon={<Link2 size={14} />} onClick={onRemote}>
              Connect remote…
            </Button>
          }
        />
        <Way
          title="Clone a repository into this project"
          hint="Its files replace the project's files."
          action={
            <Button icon={<CloudDownload size={14} />} onClick={onClone}>
              Clone repository…
            </Button>
          }
        />
      </ul>
    </div>
  );
}

const Way = ({ title, hint, action }: { title: string; hint: string; action: ReactNode }) => (
  <li className="flex flex-wrap items-center gap-x-4 gap-y-2 rounded-3 border border-line-0 px-4 py-3">
    <span className="min-w-0 flex-1 basis-56">
      <span className="block text-sm font-medium text-fg-0">{title}</span>
      <span className="block text-xs leading-read text-fg-2">{hint}</span>
    </span>
    {action}
  </li>
);

/** A running or failed clone. `onEnd`: one has ended. */
function CloneProgress({ onEnd }: { onEnd: () => void }) {
  const tasks = useTasks();
  const [dismissed, setDismissed] = useState<string>();
  const clone: Task | undefined = tasks.find((task) => task.type === "git_clone");
  const isRunning = clone?.status === "queued" || clone?.status === "running";
  const endedId = isRunning ? undefined : clone?.id;
  const seenId = useRef(endedId);
  const handleEnd = useHandler(onEnd);
  // Its last steps, such as connecting the remote, change no file and therefore send no event of one.
  useEffect(() => {
    if (endedId === undefined || endedId === seenId.current) return;
    seenId.current = endedId;
    handleEnd();
  }, [endedId, handleEnd]);
  if (!clone) return null;
  if (isRunning)
    return (
      <div role="status" className="flex flex-none items-center gap-2.5 border-b border-line-0 bg-bg-2 px-4 py-2 text-sm text-fg-0">
        <Spinner word="Cloning repository…" isQuiet />
        <span className="min-w-0 flex-1 truncate text-right text-xs text-fg-2">
          {clone.progress.message} <span className="num">{formatPercent(clone.progress.percentage / 100)}</span>
        </span>
      </div>
    );
  if (clone.status !== "failed" || dismissed === clone.id) return null;
  return (
    <Banner
      tone="err"
      className="m-2 mb-0 flex-none"
      action={
        <Button size="sm" variant="ghost" onClick={() => setDismissed(clone.id)}>
          Dismiss
        </Button>
      }
    >
      Couldn't clone the repository. Files aren't affected. {clone.error?.replace(/^[a-z_]+: /, "")}
    </Banner>
  );
}
