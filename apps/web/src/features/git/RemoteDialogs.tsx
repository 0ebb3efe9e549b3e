import type { GitLink } from "@tesslate/contract";
import { useId, useState, type ReactNode } from "react";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import type { Faults } from "../../ui/form/faults.ts";
import { useForm } from "../../ui/form/use-form.ts";
import { Input, type InputProps } from "../../ui/Input.tsx";
import { toast } from "../../ui/toast.tsx";
import { addressProblem } from "../projects/index.ts";
import type { GitActions } from "./use-git-actions.ts";

/** Why this URL was refused. */
const faultsOf = (error: unknown): Faults<"repo_url"> | undefined =>
  hasCode(error, "outbound_refused")
    ? { repo_url: "This server doesn't allow connections to this address." }
    : hasCode(error, "invalid_repo_url")
      ? { repo_url: sentenceOf(error) }
      : undefined;

const checkAddress = ({ repo_url }: { repo_url: string }): Faults<"repo_url"> => ({ repo_url: addressProblem(repo_url) });

const Address = ({ error, ...text }: { error: ReactNode } & InputProps) => (
  <Field label="Repository URL" error={error}>
    <Input {...text} type="url" autoFocus spellCheck={false} autoComplete="off" placeholder="https://github.com/owner/repository" />
  </Field>
);

/** Sets the remote. Sends nothing to it. */
export function RemoteDialog({ link, actions, onClose }: { link: GitLink | undefined; actions: GitActions; onClose: () => void }) {
  const formId = useId();
  const form = useForm({
    start: { repo_url: link?.repo_url ?? "" },
    check: checkAddress,
    submit: async ({ repo_url }) => {
      await actions.connect(repo_url.trim());
      toast("Remote connected. Fetch to load its branches.");
      onClose();
    },
    faultsOf,
    errorField: "repo_url",
  });
  const [isUnlinking, setIsUnlinking] = useState(false);
  const unlink = async () => {
    setIsUnlinking(true);
    try {
      await actions.unlink();
      toast("Remote removed. Local commits aren't affected.");
      onClose();
    } catch (error) {
      form.fail(error);
    } finally {
      setIsUnlinking(false);
    }
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}
      title={link ? "Remote repository" : "Connect remote repository"}
      description="The repository you push to and pull from. For a private one, connect your account on its host in settings."
      footer={
        <>
          {link ? (
            <Button variant="danger" className="mr-auto" isLoading={isUnlinking} loadingWord="Removing…" onClick={() => void unlink()}>
              Remove remote
            </Button>
          ) : null}
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            form={formId}
            variant="primary"
            isLoading={form.isSubmitting}
            loadingWord={link ? "Saving…" : "Connecting…"}
          >
            {link ? "Save" : "Connect"}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={form.onSubmit} noValidate>
        <Address {...form.text("repo_url")} error={form.errors.repo_url} />
      </form>
    </Dialog>
  );
}

/** Replaces the project's files with a repository, after a warning. */
export function CloneDialog({ link, actions, onClose }: { link: GitLink | undefined; actions: GitActions; onClose: () => void }) {
  const formId = useId();
  const form = useForm({
    start: { repo_url: link?.repo_url ?? "", branch: "" },
    check: checkAddress,
    submit: async ({ repo_url, branch }) => {
      await actions.clone(repo_url.trim(), branch.trim() || null);
      onClose();
    },
    faultsOf,
  });
  const failure = form.errors[""];
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}
      title="Replace files with a repository?"
      description="This replaces all files of this project, including uncommitted changes. If cloning fails, nothing changes. Databases and secrets aren't affected."
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" form={formId} variant="danger" isLoading={form.isSubmitting} loadingWord="Replacing…">
            Replace files
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={form.onSubmit} noValidate className="grid gap-4">
        <Address {...form.text("repo_url")} error={form.errors.repo_url} />
        <Field label="Branch" hint="Leave empty for the default branch." error={form.errors.branch}>
          <Input {...form.text("branch")} spellCheck={false} autoComplete="off" />
        </Field>
        {failure ? (
          <p role="alert" className="text-sm text-err">
            {failure}
          </p>
        ) : null}
      </form>
    </Dialog>
  );
}
