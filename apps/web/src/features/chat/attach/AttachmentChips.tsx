import { ClipboardList, File as FileIcon, FileText, RotateCw, X } from "lucide-react";
import type { MessageAttachment } from "@tesslate/contract";
import { formatBytes } from "../../../lib/bytes.ts";
import { cx } from "../../../lib/cx.ts";
import { formatPercent } from "../../../lib/numbers.ts";
import { attachmentUrl } from "./attachment-url.ts";
import type { DraftAttachment } from "./attachment-drafts.ts";

const tile = "flex h-10 max-w-55 min-w-0 items-center gap-2 rounded-2 border border-line-0 bg-bg-2 pr-1 text-xs";
const iconOf = (name: string, isText: boolean) => (name.startsWith("Pasted text") ? ClipboardList : isText ? FileText : FileIcon);

/** The attachments of a draft, with thumbnail or name, upload progress and errors. */
export function AttachmentChips({
  list,
  onRemove,
  onRetry,
}: {
  list: readonly DraftAttachment[];
  onRemove: (key: string) => void;
  onRetry: (key: string) => void;
}) {
  return (
    <ul role="list" aria-label="Attachments" className="flex min-w-0 flex-wrap gap-1.5">
      {list.map((one) => {
        const Icon = iconOf(one.name, one.done?.kind === "text" || /\.(txt|md|json|csv|tsx?|jsx?|html|css|svg)$/i.test(one.name));
        const picture = one.preview ?? (one.done?.kind === "image" ? attachmentUrl(one.done.id) : undefined);
        return (
          <li key={one.key} className={cx(tile, "relative overflow-hidden", one.failure && "border-err!")} data-testid="attachment">
            {picture ? (
              <img src={picture} alt="" className="size-10 flex-none object-cover" />
            ) : (
              <Icon size={16} className="ml-2.5 flex-none text-fg-2" aria-hidden="true" />
            )}
            <span className="min-w-0 flex-1">
              <span className="block truncate text-fg-0" title={one.label}>
                {one.label ?? one.name}
              </span>
              <span
                className={cx("block truncate text-2xs", one.failure ? "text-err" : "text-fg-2")}
                role={one.failure ? "alert" : undefined}
              >
                {one.failure ??
                  (one.done || one.isHeld
                    ? formatBytes(one.done?.size_bytes ?? one.size)
                    : `${formatPercent(one.share)} of ${formatBytes(one.size)}`)}
              </span>
            </span>
            {one.failure && one.isRetryable ? (
              <button type="button" aria-label={`Retry upload of ${one.name}`} className={buttonClass} onClick={() => onRetry(one.key)}>
                <RotateCw size={12} />
              </button>
            ) : null}
            <button type="button" aria-label={`Remove ${one.name}`} className={buttonClass} onClick={() => onRemove(one.key)}>
              <X size={12} />
            </button>
            {one.done || one.failure || one.isHeld ? null : (
              <span
                role="progressbar"
                aria-label={`Uploading ${one.name}`}
                aria-valuenow={Math.round(one.share * 100)}
                className="absolute bottom-0 left-0 h-0.5 bg-brand"
                style={{ width: `${Math.max(4, one.share * 100)}%` }}
              />
            )}
          </li>
        );
      })}
    </ul>
  );
}
const buttonClass = "grid size-6 flex-none place-items-center rounded-1 text-fg-2 hover:bg-bg-3 hover:text-fg-0 narrow:size-9";

/** The attachments of a sent message: images are shown, other files can be downloaded. */
export function MessageAttachments({ list }: { list: readonly MessageAttachment[] }) {
  return (
    <ul role="list" aria-label="Attachments" className="flex flex-wrap gap-1.5 pt-1.5">
      {list.map((one) => {
        const Icon = iconOf(one.name, one.kind === "text");
        return (
          <li key={one.id}>
            {one.kind === "image" ? (
              <a href={attachmentUrl(one.id)} target="_blank" rel="noreferrer" className="block rounded-2 border border-line-0">
                <img
                  src={attachmentUrl(one.id)}
                  alt={one.name}
                  loading="lazy"
                  width={one.width ?? undefined}
                  height={one.height ?? undefined}
                  className="block h-24 w-auto max-w-60 rounded-2 object-cover"
                />
              </a>
            ) : (
              <a href={attachmentUrl(one.id)} download={one.name} className={cx(tile, "pr-3 hover:bg-bg-3")}>
                <Icon size={16} className="ml-2.5 flex-none text-fg-2" aria-hidden="true" />
                <span className="min-w-0">
                  <span className="block truncate text-fg-0">{one.name}</span>
                  <span className="block text-2xs text-fg-2">{formatBytes(one.size_bytes)}</span>
                </span>
              </a>
            )}
          </li>
        );
      })}
    </ul>
  );
}
