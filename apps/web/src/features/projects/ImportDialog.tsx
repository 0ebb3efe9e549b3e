import { useNavigate } from "@tanstack/react-router";
import { FileArchive, GitBranch } from "lucide-react";
import { useId, useRef, useState, type DragEvent, type FormEvent } from "react";
import { cx } from "../../lib/cx.ts";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { Input } from "../../ui/Input.tsx";
import { Progress } from "../../ui/Progress.tsx";
import { SegmentedControl } from "../../ui/SegmentedControl.tsx";
import { toast } from "../../ui/toast.tsx";
import { addressProblem, isZip, nameFromAddress, nameFromFile, sizeOf } from "./import-source.ts";
import { useImport, type ImportStep } from "./use-import.ts";

type Kind = "zip" | "git";

/** A project from a zip archive or a git address: choose, watch it come, open it. */
export function ImportDialog({ onClose, file: dropped }: { onClose: () => void; file?: File | undefined }) {
  const navigate = useNavigate();
  const formId = useId();
  const [kind, setKind] = useState<Kind>("zip");
  const [file, setFile] = useState(dropped);
  const [url, setUrl] = useState("");
  const [branch, setBranch] = useState("");
  const [name, setName] = useState("");
  const [problem, setProblem] = useState<string>();
  const { step, start, cancel } = useImport((project) => {
    onClose();
    void navigate({ to: "/p/$slug/{-$view}", params: { slug: project.slug } });
  });
  const isBusy = step.kind !== "form";
  const errors = step.kind === "form" ? step.fields : {};
  const suggested = kind === "zip" ? nameFromFile(file?.name ?? "") : nameFromAddress(url);

  const take = (next: File | undefined) => {
    setProblem(next && !isZip(next) ? `${next.name} is not a zip archive.` : undefined);
    setFile(next && isZip(next) ? next : undefined);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isBusy) return;
    const why = kind === "git" ? addressProblem(url) : file ? undefined : "Choose a zip archive.";
    setProblem(why);
    if (why) return;
    const chosen = name.trim() || suggested || "Imported project";
    if (kind === "git") void start({ kind, name: chosen, url, branch });
    else if (file) void start({ kind, name: chosen, file });
  };
  const close = () => {
    if (step.kind === "setup") toast(`${step.project.name} goes on being imported. It is in your projects.`, { kind: "note" });
    if (step.kind === "sending") cancel();
    onClose();
  };
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => (isOpen ? undefined : close())}
      title="Import a project"
      footer={
        <>
          <Button variant="ghost" onClick={step.kind === "sending" ? cancel : close}>
            {step.kind === "setup" ? "Close" : "Cancel"}
          </Button>
          <Button type="submit" form={formId} variant="primary" isLoading={isBusy} loadingWord="Importing">
            {step.kind === "form" && step.failure ? "Try again" : "Import"}
          </Button>
        </>
      }
    >
      <form id={formId} onSubmit={submit} noValidate className="grid gap-4">
        <fieldset disabled={isBusy} className="contents">
          <div>
            <SegmentedControl<Kind>
              label="From"
              value={kind}
              onChange={(next) => {
                setKind(next);
                setProblem(undefined);
              }}
              segments={[
                { value: "zip", label: "Zip archive", icon: <FileArchive size={14} />, isLabelShown: true },
                { value: "git", label: "Git repository", icon: <GitBranch size={14} />, isLabelShown: true },
              ]}
            />
          </div>
          {kind === "zip" ? (
            <DropZone file={file} problem={problem} isDisabled={isBusy} onFile={take} />
          ) : (
            <>
              <Field
                label="Address"
                error={problem ?? errors["git_repo_url"]}
                hint="Public repositories over https. The last 50 commits come along."
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
              <Field label="Branch" error={errors["git_branch"]} hint="Empty: the repository's own default.">
                <Input value={branch} spellCheck={false} autoComplete="off" onChange={(event) => setBranch(event.target.value)} />
              </Field>
            </>
          )}
          <Field label="Name" error={errors["name"]}>
            <Input
              value={name}
              maxLength={100}
              placeholder={suggested}
              autoComplete="off"
              onChange={(event) => setName(event.target.value)}
            />
          </Field>
        </fieldset>
        <Status step={step} isZip={kind === "zip"} />
      </form>
    </Dialog>
  );
}

/** What is under way, or why it did not work. */
function Status({ step, isZip: isUpload }: { step: ImportStep; isZip: boolean }) {
  if (step.kind === "form") return step.failure ? <Banner tone="err">{step.failure}</Banner> : null;
  const isSending = step.kind === "sending";
  const share = isSending ? (isUpload ? step.share : undefined) : (step.task?.progress.percentage ?? 0) / 100;
  const words = isSending ? (isUpload ? "Uploading" : "Asking for the repository") : (step.task?.progress.message ?? "Setting up");
  return (
    <div role="status" className="grid gap-1.5 text-xs text-fg-1">
      <div className="flex gap-2">
        <span className="min-w-0 flex-1 truncate">{words}</span>
        {share === undefined ? null : <span className="num text-fg-2">{Math.round(share * 100)} %</span>}
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
  const [isOver, setIsOver] = useState(false);
  const problemId = useId();
  const onDrop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    if (!isDisabled) onFile(event.dataTransfer.files[0]);
  };
  return (
    <div>
      <div
        data-testid="import-drop"
        onDragOver={(event) => {
          event.preventDefault();
          setIsOver(true);
        }}
        onDragLeave={() => setIsOver(false)}
        onDrop={onDrop}
        className={cx(
          "grid min-h-32 place-items-center content-center gap-2 rounded-3 border border-dashed px-4 py-5 text-center transition-colors",
          isOver ? "border-focus bg-bg-2" : problem ? "border-err" : "border-line-1",
        )}
      >
        <FileArchive className="text-fg-3" aria-hidden="true" />
        {file ? (
          <p className="min-w-0 max-w-full">
            <span className="block truncate font-medium text-fg-0">{file.name}</span>
            <span className="num text-xs text-fg-2">{sizeOf(file.size)}</span>
          </p>
        ) : (
          <p className="text-fg-2">Drop a zip archive here</p>
        )}
        <Button size="sm" disabled={isDisabled} aria-describedby={problem ? problemId : undefined} onClick={() => input.current?.click()}>
          {file ? "Choose another" : "Choose a file"}
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
        <p id={problemId} role="alert" className="mt-[5px] text-xs text-err">
          {problem}
        </p>
      ) : (
        <p className="mt-[5px] text-xs text-fg-2">Up to 500 MB. Packages such as node_modules and the .git folder are left out.</p>
      )}
    </div>
  );
}
