import { Check } from "lucide-react";
import type { ReviewFile } from "@tesslate/contract";
import { cx } from "../../lib/cx.ts";
import { FileLetter } from "../../ui/FileLetter.tsx";
import { Lines } from "../changes/index.ts";

const nameOf = (path: string) => path.slice(path.lastIndexOf("/") + 1);
const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** The files of the change set by folder. */
export function FileList({
  files,
  current,
  viewed,
  onChoose,
}: {
  files: readonly ReviewFile[];
  current: string | undefined;
  viewed: ReadonlySet<string>;
  onChoose: (path: string) => void;
}) {
  const folders = Map.groupBy(files, (file) => folderOf(file.path));
  return (
    <ul className="grid gap-px" aria-label="Changed files">
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
