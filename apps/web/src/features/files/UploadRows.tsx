import { X } from "lucide-react";
import { counted } from "../../lib/counted.ts";
import { fileNameOf } from "../../lib/file-tree.ts";
import { formatPercent } from "../../lib/numbers.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Progress } from "../../ui/Progress.tsx";
import type { FileUpload, Uploads } from "./use-uploads.ts";

const titleOf = ({ files }: FileUpload) => (files.length === 1 ? fileNameOf(files[0]?.path ?? "") : counted(files.length, "file"));

/** The uploads, below the tree. */
export function UploadRows({ uploads }: { uploads: Uploads }) {
  if (uploads.list.length === 0) return null;
  return (
    <ul role="list" aria-label="Uploads" className="grid max-h-56 flex-none gap-2 overflow-y-auto border-t border-line-0 p-2 text-xs">
      {uploads.list.map((upload) => (
        <li key={upload.id} className="grid gap-1">
          <div className="flex items-center gap-2">
            <span className="min-w-0 flex-1 truncate text-fg-0">{titleOf(upload)}</span>
            {upload.failure ? null : <span className="num text-fg-2">{formatPercent(upload.share)}</span>}
            <IconButton size="sm" label={upload.failure ? "Dismiss upload" : "Cancel upload"} onClick={() => uploads.dismiss(upload.id)}>
              <X size={12} />
            </IconButton>
          </div>
          {upload.failure ? (
            <>
              <p role="alert" className="text-err">
                {upload.taken ? takenSentence(upload.taken) : upload.failure}
              </p>
              <div className="flex gap-1.5">
                {upload.taken ? (
                  <Button size="sm" onClick={() => uploads.retry(upload.id, { overwrite: true })}>
                    Replace
                  </Button>
                ) : (
                  <Button size="sm" onClick={() => uploads.retry(upload.id)}>
                    Retry
                  </Button>
                )}
              </div>
            </>
          ) : (
            <Progress share={upload.share} label={`Uploading ${titleOf(upload)}`} />
          )}
        </li>
      ))}
    </ul>
  );
}

const takenSentence = (paths: readonly string[]) =>
  paths.length === 1 ? `${fileNameOf(paths[0] ?? "")} already exists.` : `${paths.length} of these files already exist.`;
