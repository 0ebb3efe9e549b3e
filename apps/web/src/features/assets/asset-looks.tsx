import { AudioLines, File, FileText, Film, Image, Type } from "lucide-react";
import { assetTypes, maxAssetBytes, type Asset, type AssetFileType } from "@tesslate/contract";
import type { ReactNode } from "react";
import { formatByteLimit, formatBytes } from "../../lib/bytes.ts";

export const assetTypeLooks: Record<AssetFileType, { label: string; icon: ReactNode }> = {
  image: { label: "Images", icon: <Image size={14} /> },
  video: { label: "Video", icon: <Film size={14} /> },
  audio: { label: "Audio", icon: <AudioLines size={14} /> },
  font: { label: "Fonts", icon: <Type size={14} /> },
  document: { label: "PDF", icon: <FileText size={14} /> },
  other: { label: "Other", icon: <File size={14} /> },
};

/** For the file picker. */
export const accepted = assetTypes.flatMap(({ mime, extensions }) => [mime, ...extensions.map((e) => `.${e}`)]).join(",");

/** Why a file can't be uploaded, without its content; the server checks that. */
export function uploadRefusal(file: { name: string; size: number; type: string }): string | undefined {
  if (file.size > maxAssetBytes) return `Larger than ${formatByteLimit(maxAssetBytes)}.`;
  if (file.size === 0) return "The file is empty.";
  const extension = file.name.slice(file.name.lastIndexOf(".") + 1).toLowerCase();
  const isKnown = assetTypes.some(({ mime, also, extensions }) =>
    file.type === "" ? extensions.includes(extension) : mime === file.type || also?.includes(file.type),
  );
  return isKnown ? undefined : "Must be an image, video, audio file, font or PDF.";
}

/** Where the running app serves it: files in `public` are served from the root. */
export const appPathOf = ({ path }: Pick<Asset, "path">): string => `/${path.replace(/^public\//, "")}`;
export const markdownOf = (asset: Asset): string => {
  const name = asset.filename.replace(/\.[^.]+$/, "").replaceAll(/[-_]+/g, " ");
  return `${asset.file_type === "image" ? "!" : ""}[${name}](${encodeURI(appPathOf(asset))})`;
};
export const factsOf = (asset: Asset): string =>
  [asset.width && asset.height ? `${asset.width} × ${asset.height}` : undefined, formatBytes(asset.file_size)].filter(Boolean).join(", ");

/** What the agent can look at; of other assets it gets the path. */
export const isAttachable = ({ mime_type }: Pick<Asset, "mime_type">): boolean =>
  /^image\/(png|jpeg|gif|webp)$/.test(mime_type) || mime_type === "application/pdf";
