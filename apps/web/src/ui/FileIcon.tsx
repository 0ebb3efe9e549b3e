import { Braces, ChevronDown, ChevronRight, FileCode2, FileImage, FileText, FileType, Hash } from "lucide-react";
import { mediaOf } from "../lib/media.ts";

const icons: Record<string, typeof FileText> = {
  ts: FileCode2,
  tsx: FileCode2,
  js: FileCode2,
  jsx: FileCode2,
  mjs: FileCode2,
  py: FileCode2,
  go: FileCode2,
  html: FileCode2,
  css: Hash,
  json: Braces,
  md: FileType,
};

export function FileIcon({ name }: { name: string }) {
  const Icon = mediaOf(name)?.kind === "image" ? FileImage : (icons[name.slice(name.lastIndexOf(".") + 1).toLowerCase()] ?? FileText);
  return <Icon size={14} className="flex-none text-fg-3" aria-hidden="true" />;
}
export const FolderIcon = ({ isOpen }: { isOpen: boolean }) =>
  isOpen ? (
    <ChevronDown size={14} className="flex-none text-fg-3" aria-hidden="true" />
  ) : (
    <ChevronRight size={14} className="flex-none text-fg-3" aria-hidden="true" />
  );
