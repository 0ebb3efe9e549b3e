import { Command } from "cmdk";
import { Search } from "lucide-react";
import { Dialog } from "radix-ui";
import { useDeferredValue, useMemo, useState } from "react";
import { rank } from "../../lib/rank.ts";
import { scrim } from "../../ui/Dialog.tsx";
import { FileIcon } from "./FileIcon.tsx";
import { nameOf, parentOf, type FileTree } from "./tree.ts";

const shown = 50;

/** The best matches for a few letters: names first, then whole paths. */
export function findFiles(tree: FileTree, query: string, recent: readonly string[], count = shown): string[] {
  const files = [...tree.nodes.values()].filter((node) => !node.isDirectory).map((node) => node.path);
  if (query.trim() === "")
    return [...recent.filter((path) => tree.nodes.has(path)), ...files.filter((path) => !recent.includes(path))].slice(0, count);
  const words = query.trim().toLowerCase();
  const byName = rank(files, words, nameOf);
  const taken = new Set(byName);
  return [
    ...byName,
    ...rank(
      files.filter((path) => !taken.has(path)),
      words,
      (path) => path,
    ),
  ].slice(0, count);
}

/** Any file by a few letters of its name; `name:12` goes to a line. */
export function QuickOpen({
  tree,
  recent,
  isOpen,
  onOpenChange,
  onPick,
}: {
  tree: FileTree;
  recent: readonly string[];
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  onPick: (place: string) => void;
}) {
  return (
    <Dialog.Root open={isOpen} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className={scrim} />
        <Dialog.Content
          aria-describedby={undefined}
          className="anim-dialog on-sheet fixed top-[12dvh] left-1/2 z-50 flex max-h-[70dvh] w-[min(560px,calc(100vw-24px))] -translate-x-1/2 flex-col overflow-hidden rounded-4 border border-line-0 bg-bg-1 shadow-3 outline-none narrow:top-2"
        >
          <Dialog.Title className="sr-only">Open a file</Dialog.Title>
          <Body tree={tree} recent={recent} onPick={onPick} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Body({ tree, recent, onPick }: { tree: FileTree; recent: readonly string[]; onPick: (place: string) => void }) {
  const [text, setText] = useState("");
  const [, name = text, line] = /^(.*?)(?::(\d+))?$/.exec(text) ?? [];
  const query = useDeferredValue(name);
  const found = useMemo(() => findFiles(tree, query, recent), [tree, query, recent]);
  const [picked, setPicked] = useState("");
  return (
    <Command
      label="Open a file"
      shouldFilter={false}
      loop
      value={found.includes(picked) ? picked : (found[0] ?? "")}
      onValueChange={setPicked}
      className="flex min-h-0 flex-col"
    >
      <div className="flex flex-none items-center gap-2.5 border-b border-line-0 px-4">
        <Search className="flex-none text-fg-3" />
        <Command.Input
          value={text}
          onValueChange={setText}
          placeholder="Find a file; name:12 goes to a line"
          className="h-11 min-w-0 flex-1 bg-transparent text-md text-fg-0 outline-none narrow:text-lg"
        />
      </div>
      <Command.List className="scroll-y min-h-0 flex-1 p-1.5">
        {found.length === 0 ? <Command.Empty className="px-3 py-6 text-fg-2">No file answers to “{name}”.</Command.Empty> : null}
        {found.map((path) => (
          <Command.Item
            key={path}
            value={path}
            onSelect={() => onPick(line ? `${path}:${line}` : path)}
            className="flex min-h-8 items-center gap-2.5 rounded-2 px-2.5 text-sm text-fg-0 data-[selected=true]:bg-bg-3 narrow:min-h-11"
          >
            <FileIcon name={nameOf(path)} />
            <span className="truncate">{nameOf(path)}</span>
            <span className="min-w-0 truncate text-xs text-fg-2">{parentOf(path)}</span>
          </Command.Item>
        ))}
      </Command.List>
    </Command>
  );
}
