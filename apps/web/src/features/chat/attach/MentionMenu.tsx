import { Folder } from "lucide-react";
import { cx } from "../../../lib/cx.ts";
import { fileNameOf, parentOf } from "../../../lib/file-tree.ts";
import { FileIcon } from "../../../ui/FileIcon.tsx";
import { floating } from "../../../ui/Menu.tsx";
import { optionId } from "../SlashMenu.tsx";

/** Files and folders that match an `@`. The field keeps the focus and refers to the selected one by `aria-activedescendant`. */
export function MentionMenu({
  id,
  places,
  isFolder,
  chosen,
  onPick,
}: {
  id: string;
  places: readonly string[];
  isFolder: (path: string) => boolean;
  chosen: number;
  onPick: (path: string) => void;
}) {
  return (
    <div role="listbox" id={id} aria-label="Files and folders" className={cx(floating, "absolute inset-x-0 bottom-full mb-1 p-1")}>
      {places.map((path, index) => (
        <button
          type="button"
          key={path}
          id={optionId(id, index)}
          role="option"
          aria-selected={index === chosen}
          tabIndex={-1}
          // The field must keep the focus.
          onPointerDown={(event) => event.preventDefault()}
          onClick={() => onPick(path)}
          className={cx(
            "flex min-h-7 w-full cursor-default items-center gap-2 rounded-1 px-2 py-1 text-left text-sm hover:bg-bg-3 narrow:min-h-11",
            index === chosen && "bg-bg-3",
          )}
        >
          {isFolder(path) ? <Folder size={14} className="flex-none text-fg-3" aria-hidden="true" /> : <FileIcon name={fileNameOf(path)} />}
          <span className="truncate text-fg-0">{fileNameOf(path)}</span>
          <span className="min-w-0 truncate text-xs text-fg-2">{parentOf(path)}</span>
        </button>
      ))}
    </div>
  );
}
