import { Check, ChevronRight } from "lucide-react";
import { useState } from "react";
import type { ReviewFile } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { cx } from "../../lib/cx.ts";
import { isGeneratedFile } from "../../lib/generated-files.ts";
import { FileLetter } from "../../ui/FileLetter.tsx";
import { Lines } from "../changes/index.ts";

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

interface FileListProps {
  files: readonly ReviewFile[];
  current: string | undefined;
  viewed: ReadonlySet<string>;
  onChoose: (path: string) => void;
}

/** The files of the change set by folder; generated ones are collapsed at the end. */
export function FileList({ files, ...props }: FileListProps) {
  const generated = files.filter(({ path }) => isGeneratedFile(path));
  const [isOpen, setIsOpen] = useState(false);
  const isShown = isOpen || generated.some(({ path }) => path === props.current);
  return (
    <>
      <Folders label="Changed files" files={files.filter(({ path }) => !isGeneratedFile(path))} {...props} />
      {generated.length > 0 ? (
        <>
          <button
            type="button"
            aria-expanded={isShown}
            onClick={() => setIsOpen(!isShown)}
            className="mt-1 flex min-h-(--row) w-full items-center gap-1.5 rounded-2 px-2.5 text-left text-xs text-fg-2 hover:bg-bg-2"
          >
            <ChevronRight size={12} className={cx("flex-none transition-transform", isShown && "rotate-90")} aria-hidden="true" />
            {counted(generated.length, "generated file")}
          </button>
          {isShown ? <Folders label="Generated files" files={generated} {...props} /> : null}
        </>
      ) : null}
    </>
  );
}

function Folders({ label, files, current, viewed, onChoose }: FileListProps & { label: string }) {
  const folders = Map.groupBy(files, (file) => folderOf(file.path));
  return (
    <ul className="grid gap-px" aria-label={label}>
      {[...folders].map(([folder, inside]) => (
        <li key={folder} className="min-w-0">
          {folder ? (
            <p className="truncate px-2.5 pt-1.5 pb-0.5 text-xs text-fg-2" title={folder}>
              {folder}
            </p>
          ) : null}
          <ul className="grid gap-px">
            {inside.map((file) => (
              <li key={file.path} className="min-w-0">
                <button
                  type="button"
                  data-testid="file-row"
                  aria-current={file.path === current || undefined}
                  title={file.old_path ? `${file.old_path} → ${file.path}` : file.path}
                  onClick={() => onChoose(file.path)}
                  className={cx(
                    "flex min-h-(--row) w-full min-w-0 items-center gap-2 rounded-2 px-2.5 text-left text-sm hover:bg-bg-2",
                    file.path === current && "bg-bg-3 hover:bg-bg-3",
                    folder && "pl-5",
                  )}
                >
                  {viewed.has(file.path) ? (
                    <>
                      <Check size={14} className="flex-none text-ok" aria-hidden="true" />
                      <span className="sr-only">viewed, </span>
                    </>
                  ) : null}
                  <span
                    className={cx(
                      "min-w-0 flex-1 truncate",
                      viewed.has(file.path) ? "text-fg-2" : "text-fg-0",
                      (file.status === "deleted" || file.is_rejected) && "line-through",
                    )}
                  >
                    {nameOf(file.path)}
                  </span>
                  <Lines additions={file.additions} deletions={file.deletions} />
                  <FileLetter status={file.status} />
                </button>
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}
