import { FolderUp, Upload as UploadIcon } from "lucide-react";
import { useRef } from "react";
import { IconButton } from "../../ui/IconButton.tsx";
import { Menu } from "../../ui/Menu.tsx";
import { fromPicker, type Incoming } from "./incoming.ts";

/** Uploads files or a folder. */
export function UploadMenu({ onFiles }: { onFiles: (files: readonly Incoming[]) => void }) {
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const input = { type: "file", tabIndex: -1, className: "sr-only", multiple: true } as const;
  const take = (list: FileList | null) => list && onFiles(fromPicker(list));
  return (
    <>
      <Menu
        label="Upload"
        align="end"
        trigger={
          <IconButton size="sm" label="Upload">
            <UploadIcon size={14} />
          </IconButton>
        }
        entries={[
          { label: "Upload files", icon: <UploadIcon size={14} />, onSelect: () => files.current?.click() },
          { label: "Upload folder", icon: <FolderUp size={14} />, onSelect: () => folder.current?.click() },
        ]}
      />
      <input
        {...input}
        ref={files}
        aria-label="Files to upload"
        onChange={(event) => {
          take(event.target.files);
          event.target.value = "";
        }}
      />
      <input
        {...input}
        ref={(element) => {
          folder.current = element;
          // React doesn't know this attribute.
          element?.setAttribute("webkitdirectory", "");
        }}
        aria-label="Folder to upload"
        onChange={(event) => {
          take(event.target.files);
          event.target.value = "";
        }}
      />
    </>
  );
}
