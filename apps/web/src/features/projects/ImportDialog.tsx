import { useNavigate } from "@tanstack/react-router";
import { useQuery } from "@tanstack/react-query";
import { FileArchive, Folder, FolderGit2, Link2 } from "lucide-react";
import { useEffect, useId, useRef, useState, type FormEvent } from "react";
import { maxArchiveBytes } from "@tesslate/contract/limits";
import { formatByteLimit, formatBytes } from "../../lib/bytes.ts";
import { cx } from "../../lib/cx.ts";
import { counted } from "../../lib/counted.ts";
import { isFolderEntry } from "../../lib/file-entries.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { formatPercent } from "../../lib/numbers.ts";
import { useDroppedItems } from "../../lib/use-dropped-files.ts";
import { Banner } from "../../ui/Banner.tsx";
import { withHelp } from "../../ui/HelpLink.tsx";
import { isLimit, LimitNotice } from "../billing/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { Progress } from "../../ui/Progress.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { toast } from "../../ui/toast.tsx";
import { ConnectForm, gitProvidersQuery, providerOfAddress, BranchSelect, RepoPicker, type PickedRepo } from "../git-accounts/index.ts";
import { droppedOf, type Dropped } from "./dropped.ts";
import { folderFromDrop, folderFromPicker, folderProblem, type ImportFolder } from "./import-folder.ts";
import { addressProblem, isZip, nameFromAddress, nameFromFile } from "./import-source.ts";
import { useImport, type ImportStep } from "./use-import.ts";

type Kind = "upload" | "account" | "git";
type Upload = { kind: "zip"; file: File } | { kind: "folder"; folder: ImportFolder };
/** Errors that connecting an account of the host can fix. */
const wantsAccount = ["repo_auth_required", "repo_not_found", "provider_token_expired", "provider_not_connected"];

/**
 * Creates a project from a folder, a zip archive, a repository of a connected account or a Git URL, shows the progress and opens the project.
 * `dropped`: what was dropped on the page to open the dialog.
 */
export function ImportDialog({ onClose, dropped }: { onClose: () => void; dropped?: Dropped | undefined }) {
  const navigate = useNavigate();
  const formId = useId();
  const [kind, setKind] = useState<Kind>("upload");
  const [upload, setUpload] = useState<Upload>();
  const [isReading, setIsReading] = useState(false);
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
  const isSending = step.kind === "packing" || step.kind === "sending";
  const errors: Extract<ImportStep, { kind: "form" }>["fields"] = step.kind === "form" ? step.fields : {};
  const uploadName = upload?.kind === "folder" ? upload.folder.name.slice(0, 100) : nameFromFile(upload?.file.name ?? "");
  const suggested = kind === "upload" ? uploadName : kind === "account" ? (picked?.repo.name ?? "") : nameFromAddress(url);

  const takeZip = (file: File) => {
    forget();
    setProblem(isZip(file) ? undefined : `${file.name} is not a zip archive.`);
    setUpload(isZip(file) ? { kind: "zip", file } : undefined);
  };
  /** The last folder that was chosen counts. */
  const reading = useRef(0);
  const takeFolder = (read: Promise<ImportFolder | undefined>) => {
    const turn = ++reading.current;
    forget();
    setProblem(undefined);
    setUpload(undefined);
    setIsReading(true);
    const end = (folder: ImportFolder | undefined, failure?: string) => {
      if (turn !== reading.current) return;
      setIsReading(false);
      const why = failure ?? (folder ? folderProblem(folder) : "The folder has no files to import.");
      setProblem(why);
      if (folder && why === undefined) setUpload({ kind: "folder", folder });
    };
    read.then(end, () => end(undefined, "Couldn't read the folder. Choose it again."));
  };
  const takeDropped = useHandler(({ entry, file }: Dropped) => {
    if (entry && isFolderEntry(entry)) takeFolder(folderFromDrop(entry));
    else if (file) takeZip(file);
  });
  useEffect(() => {
    if (dropped) takeDropped(dropped);
  }, [dropped, takeDropped]);
  const problemNow = () =>
    kind === "git"
      ? addressProblem(url)
      : kind === "account"
        ? picked
          ? undefined
          : "Choose a repository."
        : upload
          ? undefined
          : "Choose a folder or a zip archive.";
  const submit = (event?: FormEvent) => {
    event?.preventDefault();
    if (isBusy || isReading) return;
    const why = problemNow();
    setProblem(why);
    if (why) return;
    const chosen = name.trim() || suggested || "Imported project";
    if (kind === "git") void start({ kind, name: chosen, url, branch });
    else if (kind === "account" && picked)
      void start({ kind: "git", name: chosen, url: picked.repo.clone_url, branch: branch || (picked.repo.default_branch ?? "") });
    else if (upload) void start({ ...upload, name: chosen });
  };
  const close = () => {
    if (step.kind === "setup") toast(`${step.project.name} is still being imported. Find it in Projects.`, { kind: "note" });
    if (isSending) cancel();
    onClose();
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => (isOpen ? undefined : close())}
      title="Import project"
      footer={
        <>
          <Button variant="ghost" onClick={isSending ? cancel : close}>
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
                { value: "upload", label: "Folder or zip", icon: <FileArchive size={14} />, isLabelShown: true },
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
            {kind === "upload" ? (
              <DropZone
                upload={upload}
                problem={problem}
                isReading={isReading}
                isDisabled={isBusy}
                onZip={takeZip}
                onFolder={(files) => takeFolder(folderFromPicker(files))}
                onDrop={takeDropped}
              />
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
        <Status step={step} isUpload={kind === "upload"} />
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
function Status({ step, isUpload }: { step: ImportStep; isUpload: boolean }) {
  if (step.kind === "form" && isLimit(step.refusal)) return <LimitNotice error={step.refusal} again="Import again." />;
  if (step.kind === "form")
    return step.failure ? (
      <Banner tone="err">
        {withHelp(step.code, step.failure)}
        <Paths paths={step.unreadable ?? []} />
      </Banner>
    ) : null;
  const { text, share } = progressOf(step, isUpload);
  return (
    <div role="status" className="grid gap-1.5 text-xs text-fg-1">
      <div className="flex gap-2">
        <span className="min-w-0 flex-1 truncate">{text}</span>
        {share === undefined ? null : <span className="num text-fg-2">{formatPercent(share)}</span>}
      </div>
      <Progress share={share} label={text} />
    </div>
  );
}

function progressOf(step: Exclude<ImportStep, { kind: "form" }>, isUpload: boolean): { text: string; share: number | undefined } {
  switch (step.kind) {
    case "packing":
      return { text: "Packing files…", share: step.share };
    case "sending":
      return isUpload ? { text: "Uploading…", share: step.share } : { text: "Fetching repository…", share: undefined };
    case "setup":
      return { text: step.task?.progress.message ?? "Setting up project…", share: (step.task?.progress.percentage ?? 0) / 100 };
  }
}

const shownPaths = 5;
function Paths({ paths }: { paths: readonly string[] }) {
  if (paths.length === 0) return null;
  return (
    <ul role="list" className="mt-1 grid gap-0.5 text-xs">
      {paths.slice(0, shownPaths).map((path) => (
        <li key={path} className="truncate">
          <code>{path}</code>
        </li>
      ))}
      {paths.length > shownPaths ? <li>and {counted(paths.length - shownPaths, "other")}</li> : null}
    </ul>
  );
}

function DropZone({
  upload,
  problem,
  isReading,
  isDisabled,
  onZip,
  onFolder,
  onDrop,
}: {
  upload: Upload | undefined;
  problem: string | undefined;
  isReading: boolean;
  isDisabled: boolean;
  onZip: (file: File) => void;
  onFolder: (files: readonly File[]) => void;
  onDrop: (dropped: Dropped) => void;
}) {
  const zip = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const zone = useRef<HTMLDivElement>(null);
  const { isOver } = useDroppedItems(zone, (items) => {
    const dropped = droppedOf(items);
    if (dropped && !isDisabled) onDrop(dropped);
  });
  const problemId = useId();
  const choose = {
    size: "sm",
    disabled: isDisabled || isReading,
    ...(problem && { "aria-describedby": problemId }),
  } as const;
  const unreadable = upload?.kind === "folder" ? upload.folder.unreadable : [];
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
        {upload?.kind === "zip" ? (
          <FileArchive className="text-fg-3" aria-hidden="true" />
        ) : (
          <Folder className="text-fg-3" aria-hidden="true" />
        )}
        {isReading ? (
          <p role="status" className="text-fg-2">
            Reading folder…
          </p>
        ) : upload ? (
          <p className="min-w-0 max-w-full">
            <span className="block truncate font-medium text-fg-0">{upload.kind === "zip" ? upload.file.name : upload.folder.name}</span>
            <span className="num text-xs text-fg-2">
              {upload.kind === "zip"
                ? formatBytes(upload.file.size)
                : `${counted(upload.folder.files.length, "file")}, ${formatBytes(upload.folder.bytes)}`}
            </span>
          </p>
        ) : (
          <p className="text-fg-2">Drop a folder or a zip archive here</p>
        )}
        <div className="flex flex-wrap justify-center gap-2">
          <Button {...choose} onClick={() => folder.current?.click()}>
            Choose folder
          </Button>
          <Button {...choose} onClick={() => zip.current?.click()}>
            Choose zip
          </Button>
        </div>
        <input
          ref={zip}
          type="file"
          accept=".zip,application/zip"
          aria-label="Zip archive"
          tabIndex={-1}
          className="sr-only"
          onChange={(event) => {
            const [file] = event.target.files ?? [];
            if (file) onZip(file);
            event.target.value = "";
          }}
        />
        <input
          ref={(element) => {
            folder.current = element;
            // React doesn't know this attribute.
            element?.setAttribute("webkitdirectory", "");
          }}
          type="file"
          multiple
          aria-label="Folder"
          tabIndex={-1}
          className="sr-only"
          onChange={(event) => {
            onFolder([...(event.target.files ?? [])]);
            event.target.value = "";
          }}
        />
      </div>
      {unreadable.length > 0 ? (
        <div role="status" className="mt-1.25 text-xs text-fg-1">
          {unreadable.length === 1 ? "This file can't be read and isn't imported:" : "These files can't be read and aren't imported:"}
          <Paths paths={unreadable} />
        </div>
      ) : null}
      {problem ? (
        <p id={problemId} role="alert" className="mt-1.25 text-xs text-err">
          {problem}
        </p>
      ) : (
        <p className="mt-1.25 text-xs text-fg-2">
          Up to {formatByteLimit(maxArchiveBytes)}. Skipped: .git, dependency folders such as node_modules and, in a folder, what its
          .gitignore lists.
        </p>
      )}
    </div>
  );
}
