import { Command } from "cmdk";
import { Search } from "lucide-react";
import { Dialog } from "radix-ui";
import { useEffect, useState } from "react";
import { cx } from "../lib/cx.ts";
import { rank } from "../lib/rank.ts";
import { capsOf } from "../lib/shortcut-keys.ts";
import { isStringArray, readStored, writeStored } from "../lib/storage.ts";
import { shortcuts, type ShortcutId } from "../shortcuts.ts";
import { scrim } from "../ui/Dialog.tsx";
import { Kbds } from "../ui/Kbd.tsx";
import type { PaletteItem, PaletteSource } from "./palette.ts";

const recentsKey = "tesslate.palette.recent";
const recentsKept = 6;
const perGroup = 8;

interface Group {
  heading: string;
  items: readonly PaletteItem[];
}

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

function useGroups(sources: readonly PaletteSource[], text: string): { groups: Group[]; isSearching: boolean } {
  const [found, setFound] = useState<{ text: string; groups: Group[] }>({ text: "\0", groups: [] });
  useEffect(() => {
    const abort = new AbortController();
    const isCommandsOnly = text.startsWith(">");
    const query = (isCommandsOnly ? text.slice(1) : text).trim();
    const recents = readStored(localStorage, recentsKey, isStringArray) ?? [];
    const asked = sources.filter((source) => !isCommandsOnly || source.kind === "commands");
    void Promise.all(
      asked.map(async (source): Promise<Group> => {
        const answer = source.search(query, abort.signal);
        if (!(answer instanceof Promise)) {
          const items = query ? rank(answer, query, (item) => `${item.title} ${item.hint ?? ""}`) : withRecents(answer, recents);
          return { heading: source.heading, items: items.slice(0, perGroup) };
        }
        const items = await answer.catch(() => []);
        return { heading: source.heading, items: items.slice(0, perGroup) };
      }),
    ).then((groups) => {
      if (!abort.signal.aborted) setFound({ text, groups: groups.filter((group) => group.items.length > 0) });
    });
    return () => abort.abort();
  }, [sources, text]);
  return { groups: found.groups, isSearching: found.text !== text };
}

const capsFor = (id: ShortcutId) => capsOf(shortcuts[id].keys[0] ?? "").flat();

/** Find or do anything. `>` shows commands only. */
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
    <Dialog.Root open={isOpen} onOpenChange={onOpenChange}>
      <Dialog.Portal>
        <Dialog.Overlay className={scrim} />
        <Dialog.Content
          aria-describedby={undefined}
          className="anim-dialog on-sheet fixed top-[12dvh] left-1/2 z-50 flex max-h-[70dvh] w-[min(600px,calc(100vw-24px))] -translate-x-1/2 flex-col overflow-hidden rounded-4 border border-line-0 bg-bg-1 shadow-3 outline-none narrow:top-2"
        >
          <Dialog.Title className="sr-only">Find or do</Dialog.Title>
          <PaletteBody sources={sources} initialText={initialText} close={() => onOpenChange(false)} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function PaletteBody({ sources, initialText, close }: { sources: readonly PaletteSource[]; initialText: string; close: () => void }) {
  const [text, setText] = useState(initialText);
  const { groups, isSearching } = useGroups(sources, text);
  // Items arrive later than the text, so the first of each answer is chosen by hand.
  const first = groups[0]?.items[0]?.id ?? "";
  const [selection, setSelection] = useState({ first, id: first });
  if (selection.first !== first) setSelection({ first, id: first });
  const run = (item: PaletteItem) => {
    const recents = readStored(localStorage, recentsKey, isStringArray) ?? [];
    writeStored(localStorage, recentsKey, [item.id, ...recents.filter((id) => id !== item.id)].slice(0, recentsKept));
    close();
    item.run();
  };
  return (
    <Command
      label="Find or do"
      shouldFilter={false}
      loop
      value={selection.id}
      onValueChange={(id) => setSelection({ first, id })}
      className="flex min-h-0 flex-col"
    >
      <div className="flex flex-none items-center gap-2.5 border-b border-line-0 px-4">
        <Search className="flex-none text-fg-3" />
        <Command.Input
          value={text}
          onValueChange={setText}
          onKeyDown={(event) => {
            // The keys that open it also close it.
            if (!(event.key.toLowerCase() === "k" && (event.metaKey || event.ctrlKey))) return;
            event.preventDefault();
            close();
          }}
          placeholder="Find or do… > shows commands only"
          className="h-12 min-w-0 flex-1 bg-transparent text-md text-fg-0 outline-none narrow:text-lg"
        />
      </div>
      <Command.List className="scroll-y min-h-0 flex-1 p-1.5" aria-busy={isSearching}>
        {!isSearching && groups.length === 0 ? (
          <Command.Empty className="px-3 py-6 text-fg-2">Nothing answers to “{text}”.</Command.Empty>
        ) : null}
        {groups.map((group) => (
          <Command.Group
            key={group.heading}
            heading={group.heading}
            className="[&_[cmdk-group-heading]]:px-2.5 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:font-medium [&_[cmdk-group-heading]]:text-fg-2"
          >
            {group.items.map((item) => (
              <Command.Item
                key={item.id}
                value={item.id}
                onSelect={() => run(item)}
                className={cx(
                  "flex min-h-8 items-center gap-2.5 rounded-2 px-2.5 text-sm text-fg-0 data-[selected=true]:bg-bg-3 narrow:min-h-11",
                )}
              >
                <span className="grid w-4 flex-none place-items-center text-fg-2">{item.icon}</span>
                <span className="truncate">{item.title}</span>
                {item.hint ? <span className="min-w-0 truncate text-xs text-fg-2">{item.hint}</span> : null}
                {item.shortcut ? (
                  <span className="ml-auto flex-none">
                    <Kbds caps={capsFor(item.shortcut)} />
                  </span>
                ) : null}
              </Command.Item>
            ))}
          </Command.Group>
        ))}
      </Command.List>
    </Command>
  );
}
