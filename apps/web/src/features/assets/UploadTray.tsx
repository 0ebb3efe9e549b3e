import { CircleX, RotateCw, X } from "lucide-react";
import { formatBytes } from "../../lib/bytes.ts";
import { counted } from "../../lib/counted.ts";
import { Button } from "../../ui/Button.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { Progress } from "../../ui/Progress.tsx";
import type { AssetUpload } from "./uploads.ts";

/** Pending uploads, and failed ones with the reason. */
export function UploadTray({
  uploads,
  onRetry,
  onRemove,
}: {
  uploads: readonly AssetUpload[];
  onRetry: (id: number) => void;
  onRemove: (id: number) => void;
}) {
  if (uploads.length === 0) return null;
  const failed = uploads.filter(({ state }) => state === "failed" || state === "refused");
  const pending = uploads.length - failed.length;
  return (
    <section aria-label="Uploads" className="max-h-48 flex-none scroll-y border-t border-line-0 px-3 py-2">
      <div className="flex items-center gap-2 pb-1 text-xs text-fg-2">
        <span role="status" className="flex-1">
          {pending === 0
            ? `${counted(failed.length, "upload")} failed`
            : failed.length === 0
              ? `Uploading ${counted(pending, "file")}`
              : `Uploading ${counted(pending, "file")}, ${failed.length} failed`}
        </span>
        {failed.length > 1 ? (
          <Button size="sm" variant="ghost" onClick={() => failed.forEach(({ id }) => onRemove(id))}>
            Clear failed uploads
          </Button>
        ) : null}
      </div>
      <ul className="grid gap-1">
        {uploads.map((upload) => (
          <li key={upload.id} data-testid="upload" className="flex min-h-7 items-center gap-2 text-xs">
            {upload.failure ? <CircleX size={14} className="flex-none text-err" /> : null}
            <span className="min-w-0 flex-1 truncate text-fg-0">{upload.name}</span>
            {upload.failure ? (
              <span className="min-w-0 flex-2 text-err">{upload.failure}</span>
            ) : (
              <>
                <Progress
                  className="w-32 narrow:w-20"
                  label={`Uploading ${upload.name}`}
                  share={upload.total === 0 ? undefined : upload.sent / upload.total}
                />
                <span className="num w-32 flex-none text-right text-fg-2 narrow:w-auto">
                  {upload.state === "waiting" ? "Waiting" : `${formatBytes(upload.sent)} of ${formatBytes(upload.total)}`}
                </span>
              </>
            )}
            {upload.state === "failed" ? (
              <IconButton label={`Retry upload of ${upload.name}`} size="sm" onClick={() => onRetry(upload.id)}>
                <RotateCw size={14} />
              </IconButton>
            ) : null}
            <IconButton
              label={upload.failure ? `Dismiss upload of ${upload.name}` : `Cancel upload of ${upload.name}`}
              size="sm"
              onClick={() => onRemove(upload.id)}
            >
              <X size={14} />
            </IconButton>
          </li>
        ))}
      </ul>
    </section>
  );
}
