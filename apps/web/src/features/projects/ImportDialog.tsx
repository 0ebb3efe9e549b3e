import { useNavigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { FileArchive, FolderGit2, Link2 } from "lucide-react";
import { useId, useRef, useState, type FormEvent } from "react";
import { formatBytes } from "../../lib/bytes.ts";
import { cx } from "../../lib/cx.ts";
import { formatPercent } from "../../lib/numbers.ts";
import { useDroppedFiles } from "../../lib/use-dropped-files.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { Progress } from "../../ui/Progress.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { toast } from "../../ui/toast.tsx";
import { ConnectForm, gitProvidersQuery, providerOfAddress, BranchSelect, RepoPicker, type PickedRepo } from "../git-accounts/index.ts";
import { addressProblem, isZip, nameFromAddress, nameFromFile } from "./import-source.ts";
import { useImport, type ImportStep } from "./use-import.ts";

type Kind = "zip" | "account" | "git";
/** Errors that connecting an account of the host can fix. */
const wantsAccount = ["repo_auth_required", "repo_not_found", "provider_token_expired", "provider_not_connected"];

/** Creates a project from a zip archive, a repository of a connected account or a Git URL, shows the progress and opens the project. */
export function ImportDialog({ onClose, file: dropped }: { onClose: () => void; file?: File | undefined }) {
  const navigate = useNavigate();
  const formId = useId();
  const [kind, setKind] = useState<Kind>("zip");
  const [file, setFile] = useState(dropped);
  const [picked, setPicked] = useState<PickedRepo>();
  const [url, setUrl] = useState("");
  const [branch, setBranch] = useState("");
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<string>();
  const { step, start, cancel, forget } = useImport((project) => {
    onClose();
    void navigate({ to: "/p/$slug/{-$view}", params: { slug: project.slug } });
  });
  const isBusy = step.kind !== "form";
  const errors: Extract<ImportStep, { kind: "form" }>["fields"] = step.kind === "form" ? step.fields : {};
  const suggested = kind === "zip" ? nameFromFile(file?.name ?? "") : kind === "account" ? (picked?.repo.name ?? "") : nameFromAddress(url);

  const take = (next: File | undefined) => {
    setProblem(next && !isZip(next) ? `${next.name} is not a zip archive.` : undefined);
    setFile(next && isZip(next) ? next : undefined);
  };
  const problemNow = () =>
    kind === "git"
      ? addressProblem(url)
      : kind === "account"
        ? picked
          ? undefined
          : "Choose a repository."
        : file
          ? undefined
          : "Choose a zip archive.";
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (isBusy) return;
    const why = problemNow();
    setProblem(why);
    if (why) return;
    const chosen = name.trim() || suggested || "Imported project";
    if (kind === "git") void start({ kind, name: chosen, url, branch });
    else if (kind === "account" && picked)
      void start({ kind: "git", name: chosen, url: picked.repo.clone_url, branch: branch || (picked.repo.default_branch ?? "") });
    else if (file) void start({ kind: "zip", name: chosen, file });
  };
  const close = () => {
    if (step.kind === "setup") toast(`${step.project.name} is still being imported. Find it in Projects.`, { kind: "note" });
    if (step.kind === "sending") cancel();
    onClose();
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => (isOpen ? undefined : close())}
      title="Import project"
      footer={
        <>
          <Button variant="ghost" onClick={step.kind === "sending" ? cancel : close}>
            {step.kind === "setup" ? "Close" : "Cancel"}
          </Button>
          <Button type="submit" form={formId} variant="primary" isLoading={isBusy} loadingWord="Importing…">
            {step.kind === "form" && step.failure ? "Retry import" : "Import"}
          </Button>
        </>
      }
    >
      <div className="grid min-w-0 gap-4">
        <fieldset disabled={isBusy} className="contents">
          <div className="min-w-0 overflow-x-auto whitespace-nowrap narrow:[&_svg]:hidden">
            <SegmentedControl<Kind>
              label="Source"
              value={kind}
              onChange={(next) => {
                setKind(next);
                setBranch("");
                setProblem(undefined);
                forget();
              }}
              segments={[
                { value: "zip", label: "Zip archive", icon: <FileArchive size={14} />, isLabelShown: true },
                { value: "account", label: "Your repositories", icon: <FolderGit2 size={14} />, isLabelShown: true },
                { value: "git", label: "Git URL", icon: <Link2 size={14} />, isLabelShown: true },
              ]}
            />
          </div>
          {/* Outside the form: connecting an account is another form. */}
          {kind === "account" ? (
            <RepoPicker
              picked={picked}
              onPick={(next) => {
                setPicked(next);
                setBranch(next?.repo.default_branch ?? "");
                setProblem(undefined);
                forget();
              }}
            />
          ) : null}
        </fieldset>
        <form id={formId} onSubmit={submit} noValidate className="grid gap-4">
          <fieldset disabled={isBusy} className="contents">
            {kind === "zip" ? (
              <DropZone file={file} problem={problem} isDisabled={isBusy} onFile={take} />
            ) : kind === "account" ? (
              <>
                {problem ? (
                  <p role="alert" className="text-xs text-err">
                    {problem}
                  </p>
                ) : null}
                {picked ? (
                  <Field label="Branch" error={errors.git_branch}>
                    <BranchSelect picked={picked} value={branch} onChange={setBranch} />
                  </Field>
                ) : null}
              </>
            ) : (
              <>
                <Field
                  label="Repository URL"
                  error={problem ?? errors.git_repo_url}
                  hint="Imports the last 50 commits. Private repositories need a connected account."
                >
                  <Input
                    value={url}
                    type="url"
                    placeholder="https://github.com/owner/repository"
                    autoFocus
                    spellCheck={false}
                    autoComplete="off"
                    onChange={(event) => setUrl(event.target.value)}
                  />
                </Field>
                <Field label="Branch" error={errors.git_branch} hint="Leave empty for the default branch.">
                  <Input value={branch} spellCheck={false} autoComplete="off" onChange={(event) => setBranch(event.target.value)} />
                </Field>
              </>
            )}
            {kind === "account" && !picked ? null : (
              <Field label="Name" error={errors.name}>
                <Input
                  value={name}
                  maxLength={100}
                  placeholder={suggested}
                  autoComplete="off"
                  onChange={(event) => setName(event.target.value)}
                />
              </Field>
            )}
          </fieldset>
        </form>
        <Status step={step} isZip={kind === "zip"} />
        {step.kind === "form" && step.code !== undefined && wantsAccount.includes(step.code) ? (
          <AccountOf address={kind === "account" ? (picked?.repo.clone_url ?? "") : url} onConnected={() => submit()} />
        ) : null}
      </div>
    </Dialog>
  );
}

/** Connects an account of the URL's host and then retries the import. */
function AccountOf({ address, onConnected }: { address: string; onConnected: () => void }) {
  const providers = useQuery(gitProvidersQuery).data;
  const found = providers && providerOfAddress(providers, address);
  if (!found) return null;
  return (
    <section aria-label="Connect an account" className="grid gap-3 rounded-3 border border-line-0 p-3">
      <p className="text-sm text-fg-1">
        If this repository is private, connect your <b className="font-medium">{URL.parse(found.base_url)?.host}</b> account to import it.
      </p>
      <ConnectForm provider={found.provider} host={found.base_url} onConnected={onConnected} />
    </section>
  );
}

/** The progress of the import, or why it failed. */
function Status({ step, isZip: isUpload }: { step: ImportStep; isZip: boolean }) {
  if (step.kind === "form") return step.failure ? <Banner tone="err">{step.failure}</Banner> : null;
  const isSending = step.kind === "sending";
  const share = isSending ? (isUpload ? step.share : undefined) : (step.task?.progress.percentage ?? 0) / 100;
  const words = isSending ? (isUpload ? "Uploading…" : "Fetching repository…") : (step.task?.progress.message ?? "Setting up project…");
  return (
    <div role="status" className="grid gap-1.5 text-xs text-fg-1">
      <div className="flex gap-2">
        <span className="min-w-0 flex-1 truncate">{words}</span>
        {share === undefined ? null : <span className="num text-fg-2">{formatPercent(share)}</span>}
      </div>
      <Progress share={share} label={words} />
    </div>
  );
}

function DropZone({
  file,
  problem,
  isDisabled,
  onFile,
}: {
  file: File | undefined;
  problem: string | undefined;
  isDisabled: boolean;
  onFile: (file: File | undefined) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const zone = useRef<HTMLDivElement>(null);
  const { isOver } = useDroppedFiles(zone, (files) => {
    if (!isDisabled) onFile(files[0]);
  });
  const problemId = useId();
  return (
    <div>
      <div
        ref={zone}
        data-testid="import-drop"
        className={cx(
          "grid min-h-32 place-items-center content-center gap-2 rounded-3 border border-dashed px-4 py-5 text-center transition-colors",
          isOver ? "border-focus bg-bg-2" : problem ? "border-err" : "border-line-1",
        )}
      >
        <FileArchive className="text-fg-3" aria-hidden="true" />
        {file ? (
          <p className="min-w-0 max-w-full">
            <span className="block truncate font-medium text-fg-0">{file.name}</span>
            <span className="num text-xs text-fg-2">{formatBytes(file.size)}</span>
          </p>
        ) : (
          <p className="text-fg-2">Drop a zip archive here</p>
        )}
        <Button size="sm" disabled={isDisabled} aria-describedby={problem ? problemId : undefined} onClick={() => input.current?.click()}>
          {file ? "Choose another file" : "Choose file"}
        </Button>
        <input
          ref={input}
          type="file"
          accept=".zip,application/zip"
          aria-label="Zip archive"
          tabIndex={-1}
          className="sr-only"
          onChange={(event) => {
            onFile(event.target.files?.[0]);
            event.target.value = "";
          }}
        />
      </div>
      {problem ? (
        <p id={problemId} role="alert" className="mt-1.25 text-xs text-err">
          {problem}
        </p>
      ) : (
        <p className="mt-1.25 text-xs text-fg-2">Up to 500 MB. .git and dependency folders such as node_modules are skipped.</p>
      )}
    </div>
  );
}
