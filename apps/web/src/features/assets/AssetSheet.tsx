import { Bot, Download, FolderInput, Paperclip, Trash2 } from "lucide-react";
import type { Asset } from "@tesslate/contract";
import type { ReactNode } from "react";
import { formatBytes } from "../../lib/bytes.ts";
import { formatDateTime } from "../../lib/time.ts";
import { Button, buttonClass } from "../../ui/Button.tsx";
import { CopyButton } from "../../ui/CopyButton.tsx";
import { Sheet } from "../../ui/Sheet.tsx";
import { appPathOf, isAttachable, markdownOf } from "./asset-looks.tsx";
import type { AssetActions } from "./AssetList.tsx";
import { AssetPreview } from "./Preview.tsx";

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <>
    <dt className="text-fg-2">{name}</dt>
    <dd className="min-w-0 break-words text-fg-0">{children}</dd>
  </>
);
const Copied = ({ name, label, text }: { name: string; label: string; text: string }) => (
  <div className="flex items-center gap-2">
    <span className="w-20 flex-none text-fg-2">{name}</span>
    <code className="min-w-0 flex-1 truncate rounded-1 bg-bg-2 px-2 py-1 text-xs text-fg-0" title={text}>
      {text}
    </code>
    <CopyButton text={text} label={label} />
  </div>
);

/** Details of an asset: preview, properties, and texts to refer to it. */
export function AssetSheet({ asset, actions, onClose }: { asset: Asset; actions: AssetActions; onClose: () => void }) {
  return (
    <Sheet
      isOpen
      onOpenChange={(isOpen) => {
        if (!isOpen) onClose();
      }}
      title={asset.filename}
      footer={
        <>
          {isAttachable(asset) ? (
            <Button icon={<Paperclip size={14} />} onClick={() => void actions.attach(asset)}>
              Attach to chat
            </Button>
          ) : null}
          <Button icon={<Bot size={14} />} onClick={() => actions.mention(asset)}>
            Mention in chat
          </Button>
          <span className="flex-1" />
          <Button variant="danger" icon={<Trash2 size={14} />} onClick={() => actions.remove(asset)}>
            Delete
          </Button>
        </>
      }
    >
      <div className="grid grid-cols-1 gap-4">
        <AssetPreview asset={asset} />
        <div className="flex flex-wrap gap-2">
          <Button icon={<FolderInput size={14} />} onClick={() => actions.place(asset)}>
            Rename or move…
          </Button>
          <a className={buttonClass()} href={asset.url} download={asset.filename}>
            <Download size={14} />
            Download
          </a>
          {asset.file_type === "document" ? (
            <a className={buttonClass()} href={asset.url} target="_blank" rel="noopener">
              Open in new tab
            </a>
          ) : null}
        </div>
        <dl className="num grid grid-cols-[80px_1fr] gap-x-2 gap-y-1.5 text-sm">
          <Fact name="Folder">
            <span className="font-mono text-xs">{asset.directory}</span>
          </Fact>
          <Fact name="Type">
            <span className="font-mono text-xs">{asset.mime_type}</span>
          </Fact>
          <Fact name="Size">
            {formatBytes(asset.file_size)}
            {asset.width && asset.height ? `, ${asset.width} × ${asset.height} px` : ""}
          </Fact>
          <Fact name="Added">
            <time dateTime={asset.created_at}>{formatDateTime(asset.created_at)}</time>
          </Fact>
        </dl>
        <div className="grid grid-cols-1 gap-1.5 border-t border-line-0 pt-3 text-sm">
          <Copied name="Path" label="Copy path" text={asset.path} />
          <Copied name="URL path" label="Copy URL path" text={appPathOf(asset)} />
          <Copied name="Markdown" label="Copy Markdown" text={markdownOf(asset)} />
        </div>
      </div>
    </Sheet>
  );
}
