import { Command } from "cmdk";
import { useEffect, useState } from "react";
import { rank } from "../lib/rank.ts";
import { capsOf } from "../lib/shortcut-keys.ts";
import { isStringArray, readStored, writeStored } from "../lib/storage.ts";
import { useHandler } from "../lib/use-handler.ts";
import { shortcuts, type ShortcutId } from "../shortcuts.ts";
import { CommandBox, CommandDialog, commandItem } from "../ui/CommandDialog.tsx";
import { Kbds } from "../ui/Kbd.tsx";
import { groupsOf, type PaletteGroup, type PaletteItem, type PaletteSource } from "../ui/page/palette.ts";

const recentsKey = "tesslate.palette.recent";
const recentsKept = 6;
const perGroup = 8;

/** Recently used first while nothing is typed. */
function withRecents(items: readonly PaletteItem[], recents: readonly string[]): PaletteItem[] {
  const place = (item: PaletteItem) => {
    const at = recents.indexOf(item.id);
    return at < 0 ? recents.length : at;
  };
  return items
    .map((item, index) => ({ item, index }))
    .sort((a, b) => place(a.item) - place(b.item) || a.index - b.index)
    .map(({ item }) => item);
}

function useGroups(sources: readonly PaletteSource[], text: string): { groups: PaletteGroup[]; isSearching: boolean } {
  const [found, setFound] = useState<{ text: string; groups: PaletteGroup[] }>({ text: "\0", groups: [] });
  useEffect(() => {
    const abort = new AbortController();
    const isCommandsOnly = text.startsWith(">");
    const query = (isCommandsOnly ? text.slice(1) : text).trim();
    const recents = readStored(localStorage, recentsKey, isStringArray) ?? [];
    const asked = sources.filter((source) => !isCommandsOnly || source.kind === "commands");
    void Promise.all(
      asked.map(async (source): Promise<PaletteGroup> => {
        const answer = source.search(query, abort.signal);
        if (!(answer instanceof Promise)) {
          const items = query ? rank(answer, query, (item) => `${item.title} ${item.hint ?? ""}`) : withRecents(answer, recents);
          return { heading: source.heading, items: items.slice(0, perGroup) };
        }
        const items = await answer.catch(() => []);
        return { heading: source.heading, items: items.slice(0, perGroup) };
      }),
    ).then((answers) => {
      if (!abort.signal.aborted) setFound({ text, groups: groupsOf(answers) });
    });
    return () => abort.abort();
  }, [sources, text]);
  return { groups: found.groups, isSearching: found.text !== text };
}

const capsFor = (id: ShortcutId) => capsOf(shortcuts[id].keys[0] ?? "").flat();

/** Searches pages, projects, files and commands. `>` shows commands only. */
export function Palette({
  isOpen,
  onOpenChange,
  sources,
  initialText = "",
}: {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  sources: readonly PaletteSource[];
  initialText?: string;
}) {
  return (
    <CommandDialog title="Search" isOpen={isOpen} onOpenChange={onOpenChange}>
      <PaletteBody sources={sources} initialText={initialText} close={() => onOpenChange(false)} />
    </CommandDialog>
  );
}

function PaletteBody({ sources, initialText, close }: { sources: readonly PaletteSource[]; initialText: string; close: () => void }) {
  const [text, setText] = useState(initialText);
  const { groups, isSearching } = useGroups(sources, text);
  // Items arrive after the text, so the first result is selected here.
  const first = groups[0]?.items[0]?.id ?? "";
  const [selection, setSelection] = useState({ first, id: first });
  if (selection.first !== first) setSelection({ first, id: first });
  const run = (item: PaletteItem) => {
    const recents = readStored(localStorage, recentsKey, isStringArray) ?? [];
    writeStored(localStorage, recentsKey, [item.id, ...recents.filter((id) => id !== item.id)].slice(0, recentsKept));
    close();
    item.run();
  };
  // Enter pressed before the results arrive waits for them instead of running an item of an earlier query.
  const [isAwaited, setIsAwaited] = useState(false);
  const runFirst = useHandler(() => {
    setIsAwaited(false);
    const item = groups[0]?.items[0];
    if (item) run(item);
  });
  useEffect(() => {
    if (isAwaited && !isSearching) runFirst();
  }, [isAwaited, isSearching, runFirst]);
  return (
    <CommandBox
      label="Search"
      text={text}
      onText={(next) => {
        setIsAwaited(false);
        setText(next);
      }}
      placeholder="Search, or type > for commands"
      picked={selection.id}
      onPicked={(id) => setSelection({ first, id })}
      isBusy={isSearching}
      onKeyDown={(event) => {
        if (event.key === "Enter" && isSearching && !event.nativeEvent.isComposing) {
          event.preventDefault();
          setIsAwaited(true);
          return;
        }
        // The keys that open it also close it.
        if (!(event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey))) return;
        event.preventDefault();
        close();
      }}
    >
      {!isSearching && groups.length === 0 ? <Command.Empty className="px-3 py-6 text-fg-2">No results for “{text}”</Command.Empty> : null}
      {groups.map((group) => (
        <Command.Group
          key={group.heading}
          heading={group.heading}
          className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-fg-2"
        >
          {group.items.map((item) => (
            <Command.Item key={item.id} value={item.id} onSelect={() => run(item)} className={commandItem}>
              <span className="grid w-4 flex-none place-items-center text-fg-2">{item.icon}</span>
              <span className="truncate">{item.title}</span>
              {item.hint ? <span className="min-w-16 truncate text-xs text-fg-2">{item.hint}</span> : null}
              {item.shortcut ? (
                <span className="ml-auto flex-none narrow:hidden">
                  <Kbds caps={capsFor(item.shortcut)} />
                </span>
              ) : null}
            </Command.Item>
          ))}
        </Command.Group>
      ))}
    </CommandBox>
  );
}
