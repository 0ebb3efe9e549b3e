import { ApiError } from "@tesslate/client/core";
import type { GitStatus } from "@tesslate/contract";
import { useId, useState, type ReactNode } from "react";
import { counted } from "../../lib/counted.ts";
import { hasCode } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { toast } from "../../ui/toast.tsx";
import type { GitActions } from "./use-git-actions.ts";
import { ErrorSentence } from "../../ui/HelpLink.tsx";

const blockersOf = (error: unknown): string[] | undefined => {
  if (!hasCode(error, "local_changes")) return undefined;
  const files = error instanceof ApiError ? error.details?.["files"] : undefined;
  return Array.isArray(files) ? files.filter((file) => typeof file === "string") : [];
};

/** Switches branches with uncommitted changes: they are kept, committed first or discarded. */
export function SwitchDialog({
  branch,
  status,
  actions,
  onClose,
  onCommitFirst,
}: {
  branch: string;
  status: GitStatus;
  actions: GitActions;
  onClose: () => void;
  onCommitFirst: () => void;
}) {
  const [working, setWorking] = useState<"take" | "discard">();
  const [failure, setFailure] = useState<ReactNode>();
  const [blockers, setBlockers] = useState<string[]>();
  const paths = [...new Set(status.changes.map(({ path }) => path))];
  const given = blockers ?? paths;
  const go = async (how: "take" | "discard") => {
    setWorking(how);
    setFailure(undefined);
    try {
      if (how === "discard") {
        const staged = status.changes.filter((change) => change.staged && given.includes(change.path)).map(({ path }) => path);
        if (staged.length > 0) await actions.unstageQuietly(staged);
        await actions.discardQuietly([...given]);
      }
      await actions.checkout(branch);
      toast(`Switched to ${branch.replace(/^origin\//, "")}.`);
      onClose();
    } catch (error) {
      const files = blockersOf(error);
      if (files) setBlockers(files.length > 0 ? files : paths);
      else setFailure(<ErrorSentence of={error} />);
    } finally {
      setWorking(undefined);
    }
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => (isOpen || working ? undefined : onClose())}
      title={`Switch to ${branch}?`}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button variant="danger" isLoading={working === "discard"} loadingWord="Discarding…" onClick={() => void go("discard")}>
            Discard {counted(given.length, "file")}
          </Button>
          <Button onClick={onCommitFirst}>Commit first</Button>
          {blockers ? null : (
            <Button variant="primary" isLoading={working === "take"} loadingWord="Switching…" onClick={() => void go("take")}>
              Bring changes
            </Button>
          )}
        </>
      }
    >
      <div className="grid gap-2 leading-read">
        {blockers ? (
          <p>
            {blockers.length === 1
              ? `This file is different on ${branch}, so you can't bring its changes.`
              : `These files are different on ${branch}, so you can't bring their changes.`}{" "}
            Commit or discard them first. Discarding can't be undone.
          </p>
        ) : (
          <p>
            You have uncommitted changes in {counted(paths.length, "file")}. Bring them to {branch}, commit them to {status.branch} first,
            or discard them. Discarding can't be undone.
          </p>
        )}
        <ul className="max-h-40 scroll-y font-mono text-xs break-words text-fg-1" aria-label="Files">
          {given.slice(0, 100).map((path) => (
            <li key={path}>{path}</li>
          ))}
        </ul>
        {failure ? (
          <p role="alert" className="text-err">
            {failure}
          </p>
        ) : null}
      </div>
    </Dialog>
  );
}

/** Creates a branch from the current or a given commit, and switches to it. */
export function NewBranchDialog({
  from,
  actions,
  onClose,
}: {
  /** A commit and its display name. `undefined` is the current commit. */
  from: { sha: string; name: string } | undefined;
  actions: GitActions;
  onClose: () => void;
}) {
  const formId = useId();
  const form = useForm({
    start: { name: "" },
    check: ({ name }) => ({ ...(name.trim() === "" && { name: "Enter a name." }) }),
    submit: async () => {
      await actions.checkout(wanted, { create: true, ...(from && { start_point: from.sha }) });
      toast(`Switched to ${wanted}.`);
      onClose();
    },
    faultsOf: (error) => {
      if (hasCode(error, "bad_ref"))
        return { name: "Branch names can't contain spaces, two dots in a row or any of ~ ^ : ? * [, and can't end in a slash or .lock." };
      if (hasCode(error, "local_changes")) return { name: "Uncommitted changes would be overwritten. Commit or discard them first." };
      return undefined;
    },
    errorField: "name",
  });
  const { name } = form.values;
  const wanted = name.trim().replace(/\s+/g, "-");
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}
      title="New branch"
      description={from ? <>Starts from {from.name}.</> : "Starts from the current commit. Uncommitted changes are kept."}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" form={formId} variant="primary" isLoading={form.isSubmitting} loadingWord="Creating…">
            Create branch
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={form.onSubmit} noValidate>
        <Field label="Name" error={form.errors.name} hint={wanted !== name.trim() ? `The branch will be named ${wanted}.` : undefined}>
          <Input
            {...form.text("name")}
            autoFocus
            maxLength={255}
            spellCheck={false}
            autoComplete="off"
            placeholder="opening-hours"
            className="font-mono"
          />
        </Field>
      </form>
    </Dialog>
  );
}

/** Asks again if the branch has commits that no other branch has. */
export function DeleteBranchDialog({ branch, actions, onClose }: { branch: string; actions: GitActions; onClose: () => void }) {
  const [isForced, setIsForced] = useState(false);
  return (
    <ConfirmDialog
      key={String(isForced)}
      isOpen
      onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}
      title={isForced ? `Delete branch ${branch} and its commits?` : `Delete branch ${branch}?`}
      confirmLabel={isForced ? "Delete anyway" : "Delete branch"}
      loadingWord="Deleting…"
      isDanger
      onConfirm={async () => {
        try {
          await actions.removeBranch(branch, isForced);
          toast(`${branch} deleted.`);
        } catch (error) {
          if (!hasCode(error, "branch_not_merged")) throw error;
          setIsForced(true);
          // Keeps the dialog open, now with the other question.
          throw new Error("This branch has commits that no other branch has.", { cause: error });
        }
      }}
    >
      {isForced
        ? "This branch has commits that no other branch has. Deleting it also deletes them, and can't be undone."
        : "This deletes the local branch. The branch on the remote isn't affected."}
    </ConfirmDialog>
  );
}
