import type { GitLink, GitStatus } from "@tesslate/contract";
import { ArrowUp, ChevronDown, Sparkles } from "lucide-react";
import { isCommitOfRunsOn } from "@tesslate/contract/project-settings";
import { useState } from "react";
import { isString, readStored, writeStored } from "../../lib/storage.ts";
import { ariaKeys, useShortcuts } from "../../lib/use-shortcuts.ts";
import { useProject } from "../../project/project-context.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { ShortcutKeys } from "../../ui/ShortcutKeys.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { Spinner } from "../../ui/Spinner.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { toast } from "../../ui/toast.tsx";
import { useProjectSetting } from "../projects/index.ts";
import { GitFailure } from "./GitFailure.tsx";
import { prefixes, withPrefix } from "./commit-message.ts";
import type { GitActions } from "./use-git-actions.ts";

const maxMessage = 500;
const draftKey = (projectId: string) => `studio:commit-message:${projectId}`;

/** Commits what is staged, or everything if nothing is. Also finishes a merge. */
export function CommitBox({
  projectId,
  status,
  link,
  actions,
}: {
  projectId: string;
  status: GitStatus;
  link: GitLink | undefined;
  actions: GitActions;
}) {
  const [draft, setDraft] = useState(() => readStored(sessionStorage, draftKey(projectId), isString) ?? "");
  const project = useProject();
  const setting = useProjectSetting(project);
  const { operation, staged_count, changes, has_conflicts, branch, remote_branch } = status;
  const kept = (next: string): string => {
    writeStored(sessionStorage, draftKey(projectId), next);
    return next;
  };
  const write = (next: string) => setDraft(kept(next));
  const proposed =
    operation === "merge" ? `Merge ${remote_branch ?? "another branch"} into ${branch}` : operation ? `Finish ${operation}` : "";
  const message = draft.trim() || proposed;
  const open = changes.length;
  const isAll = staged_count === 0 && operation === null;
  const unfit = has_conflicts
    ? "Resolve all conflicts first."
    : open === 0 && operation === null
      ? "No changes to commit."
      : message === ""
        ? "Enter a commit message."
        : undefined;
  const word = operation
    ? `Finish ${operation}`
    : !isAll
      ? `Commit ${staged_count} staged`
      : open > 0
        ? `Commit all ${open}`
        : "Commit all";
  const commit = async (andPush: boolean) => {
    if (unfit !== undefined || actions.isDoing("commit")) return;
    const made = await actions.commit(message, { staged_only: !isAll });
    if (!made) return;
    write("");
    if (andPush && !made.pushed) {
      if (await actions.push()) toast("Committed and pushed.");
    } else if (link?.auto_push && !made.pushed) toast("Committed, but the push failed. Push again to see why.", { kind: "note" });
    else toast(made.pushed ? "Committed and pushed." : "Committed.");
  };
  const propose = async () => {
    const given = draft;
    const proposal = await actions.proposeMessage();
    // Not over what was written in the meantime.
    if (proposal !== undefined) setDraft((now) => (now === given ? kept(proposal) : now));
  };
  useShortcuts({ "git.commit": () => void commit(false) });
  return (
    <div className="flex-none border-t border-line-0">
      <GitFailure failure={actions.failureAt("commit")} onDismiss={actions.clearFailure} />
      <div className="grid gap-2 p-2.5">
        <div className="relative">
          <Textarea
            rows={1}
            aria-label="Commit message"
            aria-keyshortcuts={ariaKeys("git.commit")}
            value={draft}
            maxLength={maxMessage}
            maxHeightPx={160}
            placeholder={proposed || "feat: add opening hours"}
            onChange={(event) => write(event.target.value)}
            className="pr-16! text-sm!"
          />
          <span className="absolute top-1 right-1 flex">
            <IconButton
              size="sm"
              label="Propose a message"
              disabled={open === 0 || operation !== null || actions.isDoing("propose")}
              onClick={() => void propose()}
            >
              {actions.isDoing("propose") ? <Spinner word="Writing a message…" isWordHidden /> : <Sparkles size={14} />}
            </IconButton>
            <Menu
              label="Commit type"
              align="end"
              side="top"
              trigger={
                <IconButton size="sm" label="Commit type">
                  <ChevronDown size={14} />
                </IconButton>
              }
              entries={prefixes.map(({ prefix, hint }) => ({ label: prefix, hint, onSelect: () => write(withPrefix(draft, prefix)) }))}
            />
          </span>
        </div>
        <div className="flex flex-wrap items-center gap-1.5">
          <Button
            variant="primary"
            className="min-w-0"
            disabled={unfit !== undefined}
            title={unfit}
            isLoading={actions.isDoing("commit")}
            loadingWord="Committing…"
            aria-keyshortcuts={ariaKeys("git.commit")}
            keys={<ShortcutKeys id="git.commit" />}
            onClick={() => void commit(false)}
          >
            {word}
          </Button>
          {link && !link.auto_push && !status.detached ? (
            <Button
              disabled={unfit !== undefined}
              icon={<ArrowUp size={14} />}
              isLoading={actions.isDoing("push")}
              loadingWord="Pushing…"
              onClick={() => void commit(true)}
            >
              Commit and push
            </Button>
          ) : null}
        </div>
        <p className="text-2xs text-fg-2" role="status">
          {unfit ?? (isAll ? "Nothing is staged, so the commit includes all changes." : "")}
        </p>
        <div className="grid gap-1 text-xs">
          <Switch
            label="Commit each run of the agent"
            isOn={isCommitOfRunsOn(project.settings)}
            onChange={(isOn) => setting.mutate({ commit_runs: isOn })}
          />
          {link ? (
            <Switch
              label="Push every commit"
              isOn={link.auto_push}
              onChange={(isOn) => void actions.setAutoPush(isOn)}
              isDisabled={actions.isDoing("auto-push")}
            />
          ) : null}
        </div>
      </div>
    </div>
  );
}
