import type { GitLink } from "@tesslate/contract";
import { useId, useState, type FormEvent } from "react";
import { hasCode, sentenceOf } from "../../lib/errors.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { toast } from "../../ui/toast.tsx";
import { addressProblem } from "../projects/index.ts";
import type { GitActs } from "./use-git-acts.ts";

/** Why this URL was refused. */
const problemOf = (error: unknown): string =>
  hasCode(error, "outbound_refused") ? "This server doesn't allow connections to this address." : sentenceOf(error);

const Address = ({ url, error, onChange }: { url: string; error: string | undefined; onChange: (url: string) => void }) => (
  <Field label="Repository URL" error={error}>
    <Input
      value={url}
      type="url"
      autoFocus
      spellCheck={false}
      autoComplete="off"
      placeholder="https://github.com/owner/repository"
      onChange={(event) => onChange(event.target.value)}
    />
  </Field>
);

/** Sets the remote. Sends nothing to it. */
export function RemoteDialog({ link, acts, onClose }: { link: GitLink | undefined; acts: GitActs; onClose: () => void }) {
  const formId = useId();
  const [url, setUrl] = useState(link?.repo_url ?? "");
  const [problem, setProblem] = useState<string>();
  const [working, setWorking] = useState<"connect" | "unlink">();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const why = addressProblem(url);
    setProblem(why);
    if (why) return;
    setWorking("connect");
    try {
      await acts.connect(url.trim());
      toast("Remote connected. Fetch to load its branches.");
      onClose();
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setWorking(undefined);
    }
  };
  const unlink = async () => {
    setWorking("unlink");
    try {
      await acts.unlink();
      toast("Remote removed. Local commits aren't affected.");
      onClose();
    } catch (error) {
      setProblem(sentenceOf(error));
    } finally {
      setWorking(undefined);
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
            <Button
              variant="danger"
              className="mr-auto"
              isLoading={working === "unlink"}
              loadingWord="Removing…"
              onClick={() => void unlink()}
            >
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
            isLoading={working === "connect"}
            loadingWord={link ? "Saving…" : "Connecting…"}
          >
            {link ? "Save" : "Connect"}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={(event) => void submit(event)} noValidate>
        <Address url={url} error={problem} onChange={setUrl} />
      </form>
    </Dialog>
  );
}

/** Replaces the project's files with a repository, after a warning. */
export function CloneDialog({ link, acts, onClose }: { link: GitLink | undefined; acts: GitActs; onClose: () => void }) {
  const formId = useId();
  const [url, setUrl] = useState(link?.repo_url ?? "");
  const [branch, setBranch] = useState("");
  const [problem, setProblem] = useState<string>();
  const [failure, setFailure] = useState<string>();
  const [isWorking, setIsWorking] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const why = addressProblem(url);
    setProblem(why);
    setFailure(undefined);
    if (why) return;
    setIsWorking(true);
    try {
      await acts.clone(url.trim(), branch.trim() || null);
      onClose();
    } catch (error) {
      if (hasCode(error, "invalid_repo_url", "outbound_refused")) setProblem(problemOf(error));
      else setFailure(sentenceOf(error));
    } finally {
      setIsWorking(false);
    }
  };
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
          <Button type="submit" form={formId} variant="danger" isLoading={isWorking} loadingWord="Replacing…">
            Replace files
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={(event) => void submit(event)} noValidate className="grid gap-4">
        <Address url={url} error={problem} onChange={setUrl} />
        <Field label="Branch" hint="Leave empty for the default branch.">
          <Input value={branch} spellCheck={false} autoComplete="off" onChange={(event) => setBranch(event.target.value)} />
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
