import { Command } from "cmdk";
import { useDeferredValue, useMemo, useState } from "react";
import { fileNameOf, parentOf, type FileTree } from "../../lib/file-tree.ts";
import { rank } from "../../lib/rank.ts";
import { CommandBox, CommandDialog, commandItem } from "../../ui/CommandDialog.tsx";
import { FileIcon } from "../../ui/FileIcon.tsx";

const shown = 50;

/** The best matches for a few letters: names first, then whole paths. */
export function findFiles(tree: FileTree, query: string, recent: readonly string[], count = shown): string[] {
  const files = [...tree.nodes.values()].filter((node) => !node.isDirectory).map((node) => node.path);
  if (query.trim() === "")
    return [...recent.filter((path) => tree.nodes.has(path)), ...files.filter((path) => !recent.includes(path))].slice(0, count);
  const words = query.trim().toLowerCase();
  const byName = rank(files, words, fileNameOf);
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

/** Opens a file by a search for its name; `name:12` opens it at a line. */
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
    <CommandDialog title="Open file" isOpen={isOpen} onOpenChange={onOpenChange}>
      <Body tree={tree} recent={recent} onPick={onPick} />
    </CommandDialog>
  );
}

function Body({ tree, recent, onPick }: { tree: FileTree; recent: readonly string[]; onPick: (place: string) => void }) {
  const [text, setText] = useState("");
  const [, name = text, line] = /^(.*?)(?::(\d+))?$/.exec(text) ?? [];
  const query = useDeferredValue(name);
  const found = useMemo(() => findFiles(tree, query, recent), [tree, query, recent]);
  const [picked, setPicked] = useState("");
  return (
    <CommandBox
      label="Open file"
      text={text}
      onText={setText}
      placeholder="Find a file (name:12 opens line 12)"
      picked={found.includes(picked) ? picked : (found[0] ?? "")}
      onPicked={setPicked}
    >
      {found.length === 0 ? <Command.Empty className="px-3 py-6 text-fg-2">No results for “{name}”</Command.Empty> : null}
      {found.map((path) => (
        <Command.Item key={path} value={path} onSelect={() => onPick(line ? `${path}:${line}` : path)} className={commandItem}>
          <FileIcon name={fileNameOf(path)} />
          <span className="truncate">{fileNameOf(path)}</span>
          <span className="min-w-0 truncate text-xs text-fg-2">{parentOf(path)}</span>
        </Command.Item>
      ))}
    </CommandBox>
  );
}
