import { Command } from "cmdk";
import { Folder } from "lucide-react";
import { useState } from "react";
import { counted } from "../../lib/counted.ts";
import { fileNameOf, type FileTree } from "../../lib/file-tree.ts";
import { rank } from "../../lib/rank.ts";
import { Dialog } from "../../ui/Dialog.tsx";
import { foldersFor } from "./moving.ts";

const shown = 100;

/** Selects the folder to move files to, by search: the keyboard alternative to dragging. */
export function MoveDialog({
  tree,
  paths,
  onClose,
  onMove,
}: {
  tree: FileTree;
  paths: readonly string[];
  onClose: () => void;
  /** Resolves with the reason if it failed. */
  onMove: (folder: string) => Promise<string | undefined>;
}) {
  const [folders] = useState(() => foldersFor(tree, paths));
  const [query, setQuery] = useState("");
  const [failure, setFailure] = useState<string>();
  const found =
    query.trim() === ""
      ? folders.slice(0, shown)
      : rank(folders, query.trim().toLowerCase(), (folder) => folder || "project").slice(0, shown);
  const [picked, setPicked] = useState("/");
  const valueOf = (folder: string) => `/${folder}`;
  const isThere = found.some((folder) => valueOf(folder) === picked);
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => (isOpen ? undefined : onClose())}
      title={paths.length === 1 ? `Move ${fileNameOf(paths[0] ?? "")} to` : `Move ${counted(paths.length, "item")} to`}
    >
      <Command
        label="Folder"
        shouldFilter={false}
        loop
        value={isThere ? picked : valueOf(found[0] ?? "")}
        onValueChange={setPicked}
        className="flex min-h-0 flex-col"
      >
        <Command.Input
          value={query}
          onValueChange={setQuery}
          placeholder="Find a folder"
          className="h-9 flex-none rounded-2 border border-line-1 bg-bg-1 px-2.5 text-fg-0 outline-none focus-visible:outline-2 focus-visible:-outline-offset-1 focus-visible:outline-focus narrow:h-11 narrow:text-lg"
        />
        <Command.List className="scroll-y mt-2 max-h-72 min-h-24">
          {found.length === 0 ? (
            <Command.Empty className="px-2 py-6 text-fg-2">
              {folders.length === 0 ? "No other folders" : `No results for “${query}”`}
            </Command.Empty>
          ) : null}
          {found.map((folder) => (
            <Command.Item
              key={folder}
              value={valueOf(folder)}
              onSelect={() =>
                void onMove(folder).then((reason) => {
                  setFailure(reason);
                  if (!reason) onClose();
                })
              }
              className="flex min-h-8 items-center gap-2 rounded-2 px-2 text-fg-0 data-[selected=true]:bg-bg-3 narrow:min-h-11"
            >
              <Folder size={14} className="flex-none text-fg-3" />
              <span className="truncate">{folder === "" ? "Project root" : folder}</span>
            </Command.Item>
          ))}
        </Command.List>
        {failure ? (
          <p role="alert" className="pt-2 text-xs text-err">
            {failure}
          </p>
        ) : null}
      </Command>
    </Dialog>
  );
}
