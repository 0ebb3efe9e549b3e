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

/** Why the address does not do, in the words of this form. */
const problemOf = (error: unknown): string =>
  hasCode(error, "outbound_refused") ? "This server does not go to addresses of that kind." : sentenceOf(error);

const Address = ({ url, error, onChange }: { url: string; error: string | undefined; onChange: (url: string) => void }) => (
  <Field label="Address of the repository" error={error}>
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

/** Which repository this one is pushed to and pulled from. Nothing is sent by it yet. */
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
      toast("The remote is connected. Fetch to see what it has.");
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
      toast("The remote is forgotten. The history stays here.");
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
      title={link ? "Remote repository" : "Connect a remote repository"}
      description="It is pushed to and pulled from; connecting sends nothing. For private ones an account of that host is used, if you connected one."
      footer={
        <>
          {link ? (
            <Button
              variant="danger"
              className="mr-auto"
              isLoading={working === "unlink"}
              loadingWord="Forgetting"
              onClick={() => void unlink()}
            >
              Forget it
            </Button>
          ) : null}
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" form={formId} variant="primary" isLoading={working === "connect"} loadingWord="Connecting">
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

/** A repository in the place of the project's files. Asks, and says what goes. */
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
      title="Replace the files by a repository?"
      description="All files of this project go, also what is not committed, and the repository's take their place. Until it is there nothing is lost: if it fails, everything is as before. Databases and secrets stay."
      footer={
        <>
          <Button variant="ghost" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" form={formId} variant="danger" isLoading={isWorking} loadingWord="Beginning">
            Replace the files
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={(event) => void submit(event)} noValidate className="grid gap-4">
        <Address url={url} error={problem} onChange={setUrl} />
        <Field label="Branch" hint="Empty: the repository's own default.">
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
