import { Bot, Copy, Download, Ellipsis, FolderInput, Paperclip, Trash2 } from "lucide-react";
import type { Asset } from "@tesslate/contract";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu, type MenuEntry } from "../../ui/Menu.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { appPathOf, factsOf, isAttachable, markdownOf, assetTypeLooks } from "./asset-looks.tsx";
import { Thumbnail } from "./Preview.tsx";

export interface AssetActions {
  open: (asset: Asset) => void;
  /** Renames or moves. */
  place: (asset: Asset) => void;
  /** `done` is the toast. */
  copy: (text: string, done: string) => void;
  /** Attaches the file to the next message. */
  attach: (asset: Asset) => Promise<void>;
  /** Adds its path to the composer. */
  mention: (asset: Asset) => void;
  download: (asset: Asset) => void;
  remove: (asset: Asset) => void;
}

function AssetMenu({ asset, actions, className }: { asset: Asset; actions: AssetActions; className?: string }) {
  const entries: MenuEntry[] = [
    { label: "Copy path", icon: <Copy size={14} />, onSelect: () => actions.copy(asset.path, "Path copied.") },
    { label: "Copy URL path", icon: <Copy size={14} />, onSelect: () => actions.copy(appPathOf(asset), "URL path copied.") },
    { label: "Copy as Markdown", icon: <Copy size={14} />, onSelect: () => actions.copy(markdownOf(asset), "Markdown copied.") },
    "-",
    ...(isAttachable(asset)
      ? [{ label: "Attach to chat", icon: <Paperclip size={14} />, onSelect: () => void actions.attach(asset) }]
      : []),
    { label: "Mention in chat", icon: <Bot size={14} />, onSelect: () => actions.mention(asset) },
    { label: "Rename or move…", icon: <FolderInput size={14} />, onSelect: () => actions.place(asset) },
    { label: "Download", icon: <Download size={14} />, onSelect: () => actions.download(asset) },
    "-",
    { label: "Delete", icon: <Trash2 size={14} />, isDanger: true, onSelect: () => actions.remove(asset) },
  ];
  return (
    <span className={className}>
      <Menu
        label={`Actions for ${asset.filename}`}
        align="end"
        entries={entries}
        trigger={
          <IconButton
            label={`Actions for ${asset.filename}`}
            tooltipSide="none"
            size="sm"
            className="bg-bg-1 opacity-0 group-focus-within/asset:opacity-100 group-hover/asset:opacity-100 data-[state=open]:opacity-100 narrow:opacity-100"
          >
            <Ellipsis size={14} />
          </IconButton>
        }
      />
    </span>
  );
}

/** Assets as a grid. */
export const AssetGrid = ({ assets, actions }: { assets: readonly Asset[]; actions: AssetActions }) => (
  <ul aria-label="Assets" className="grid grid-cols-[repeat(auto-fill,minmax(148px,1fr))] gap-2.5 narrow:grid-cols-2">
    {assets.map((asset) => (
      <li key={asset.id} data-testid="asset" className="group/asset relative">
        <button
          type="button"
          onClick={() => actions.open(asset)}
          className="grid w-full overflow-hidden rounded-3 border border-line-0 bg-bg-1 text-left hover:border-line-1"
        >
          <Thumbnail asset={asset} className="aspect-4/3 border-b border-line-0 p-2" />
          <span className="grid gap-0.5 px-2.5 py-2">
            <span className="truncate text-sm font-medium text-fg-0">{asset.filename}</span>
            <span className="num truncate text-2xs text-fg-2">{factsOf(asset)}</span>
          </span>
        </button>
        <AssetMenu asset={asset} actions={actions} className="absolute top-1.5 right-1.5 rounded-2 narrow:bg-bg-1" />
      </li>
    ))}
  </ul>
);

/** Assets as a list. */
export const AssetRows = ({ assets, actions }: { assets: readonly Asset[]; actions: AssetActions }) => (
  <ul aria-label="Assets" className="grid">
    {assets.map((asset) => (
      <li
        key={asset.id}
        data-testid="asset"
        className="group/asset flex items-center gap-2 border-b border-line-0 pr-1 last:border-0 hover:bg-bg-2"
      >
        <button type="button" onClick={() => actions.open(asset)} className="flex min-w-0 flex-1 items-center gap-3 py-1.5 pl-1 text-left">
          <Thumbnail asset={asset} className="size-8 flex-none rounded-1 [&_span]:text-sm" />
          <span className="grid min-w-0 flex-1">
            <span className="truncate text-sm font-medium text-fg-0">{asset.filename}</span>
            <span className="truncate font-mono text-2xs text-fg-2">{asset.directory}</span>
          </span>
          <span className="w-20 flex-none text-xs text-fg-2 narrow:hidden">{assetTypeLooks[asset.file_type].label}</span>
          <span className="num w-32 flex-none text-right text-xs text-fg-2 narrow:w-auto">{factsOf(asset)}</span>
          <RelativeTime at={asset.created_at} className="w-24 flex-none text-right text-xs text-fg-2 narrow:hidden" />
        </button>
        <AssetMenu asset={asset} actions={actions} />
      </li>
    ))}
  </ul>
);
