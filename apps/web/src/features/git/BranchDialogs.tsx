import { ApiError } from "@tesslate/client/core";
import type { GitStatus } from "@tesslate/contract";
import { useId, useState, type FormEvent } from "react";
import { counted } from "../../lib/counted.ts";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { toast } from "../../ui/toast.tsx";
import type { GitActs } from "./use-git-acts.ts";

const blockersOf = (error: unknown): string[] | undefined => {
  if (!hasCode(error, "local_changes")) return undefined;
  const files = error instanceof ApiError ? error.details?.["files"] : undefined;
  return Array.isArray(files) ? files.filter((file) => typeof file === "string") : [];
};

/** To another branch while something is not committed: it goes along, is committed first, or is given up. */
export function SwitchDialog({
  branch,
  status,
  acts,
  onClose,
  onCommitFirst,
}: {
  branch: string;
  status: GitStatus;
  acts: GitActs;
  onClose: () => void;
  onCommitFirst: () => void;
}) {
  const [working, setWorking] = useState<"take" | "discard">();
  const [failure, setFailure] = useState<string>();
  const [blockers, setBlockers] = useState<string[]>();
  const paths = [...new Set(status.changes.map(({ path }) => path))];
  const given = blockers ?? paths;
  const go = async (how: "take" | "discard") => {
    setWorking(how);
    setFailure(undefined);
    try {
      if (how === "discard") {
        const staged = status.changes.filter((change) => change.staged && given.includes(change.path)).map(({ path }) => path);
        if (staged.length > 0) await acts.unstageQuietly(staged);
        await acts.discardQuietly([...given]);
      }
      await acts.checkout(branch);
      toast(`On ${branch.replace(/^origin\//, "")} now.`);
      onClose();
    } catch (error) {
      const files = blockersOf(error);
      if (files) setBlockers(files.length > 0 ? files : paths);
      else setFailure(sentenceOf(error));
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
          <Button variant="danger" isLoading={working === "discard"} loadingWord="Discarding" onClick={() => void go("discard")}>
            Discard {counted(given.length, "file")}
          </Button>
          <Button onClick={onCommitFirst}>Commit first</Button>
          {blockers ? null : (
            <Button variant="primary" isLoading={working === "take"} loadingWord="Switching" onClick={() => void go("take")}>
              Take them along
            </Button>
          )}
        </>
      }
    >
      <div className="grid gap-2 leading-read">
        {blockers ? (
          <p>
            {blockers.length === 1 ? "This file is" : "These files are"} different on {branch}, so {blockers.length === 1 ? "its" : "their"}{" "}
            changes cannot come along. Commit them first, or discard them: discarded changes cannot be brought back.
          </p>
        ) : (
          <p>
            {counted(paths.length, "file")} {paths.length === 1 ? "is" : "are"} not committed. They can come along as they are, be committed
            to {status.branch} first, or be discarded: discarded changes cannot be brought back.
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

/** A branch of its own, from where we are or from a commit, and over to it. */
export function NewBranchDialog({
  from,
  acts,
  onClose,
}: {
  /** A commit and how it is called; else where we are. */
  from: { sha: string; name: string } | undefined;
  acts: GitActs;
  onClose: () => void;
}) {
  const formId = useId();
  const [name, setName] = useState("");
  const [isWorking, setIsWorking] = useState(false);
  const [failure, setFailure] = useState<string>();
  const wanted = name.trim().replace(/\s+/g, "-");
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (wanted === "") return setFailure("Give it a name.");
    setIsWorking(true);
    setFailure(undefined);
    try {
      await acts.checkout(wanted, { create: true, ...(from && { start_point: from.sha }) });
      toast(`On ${wanted} now.`);
      onClose();
    } catch (error) {
      setFailure(
        hasCode(error, "bad_ref")
          ? "A branch cannot have this name: no spaces, no two dots, no ~ ^ : ? * [, and not a slash or .lock at its end."
          : hasCode(error, "local_changes")
            ? "Uncommitted changes would be overwritten. Commit or discard them first."
            : sentenceOf(error),
      );
    } finally {
      setIsWorking(false);
    }
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}
      title="New branch"
      description={from ? <>From {from.name}.</> : "From where you are. Changes that are not committed come along."}
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" form={formId} variant="primary" isLoading={isWorking} loadingWord="Creating">
            Create and switch
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={(event) => void submit(event)} noValidate>
        <Field label="Name" error={failure} hint={wanted !== name.trim() ? `It will be called ${wanted}.` : undefined}>
          <Input
            value={name}
            autoFocus
            maxLength={255}
            spellCheck={false}
            autoComplete="off"
            placeholder="opening-hours"
            className="font-mono"
            onChange={(event) => setName(event.target.value)}
          />
        </Field>
      </form>
    </Dialog>
  );
}

/** Asks; and once more where commits would be lost. */
export function DeleteBranchDialog({ branch, acts, onClose }: { branch: string; acts: GitActs; onClose: () => void }) {
  const [isForced, setIsForced] = useState(false);
  return (
    <ConfirmDialog
      key={String(isForced)}
      isOpen
      onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}
      title={isForced ? `Delete ${branch} and lose its commits?` : `Delete the branch ${branch}?`}
      act={isForced ? "Delete all the same" : "Delete"}
      actWord="Deleting"
      isDanger
      onConfirm={async () => {
        try {
          await acts.removeBranch(branch, isForced);
          toast(`${branch} was deleted.`);
        } catch (error) {
          if (!hasCode(error, "branch_not_merged")) throw new Error(sentenceOf(error), { cause: error });
          setIsForced(true);
          // It stays open, as another question.
          throw new Error("It has commits that are nowhere else.", { cause: error });
        }
      }}
    >
      {isForced
        ? "It has commits that are in no other branch. They go with it and cannot be brought back."
        : "Its commits stay where other branches have them. The branch on the remote, if there is one, stays."}
    </ConfirmDialog>
  );
}
