import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { AppWindow, SlidersHorizontal } from "lucide-react";
import { useEffect, useMemo, useState } from "react";
import { counted } from "../lib/counted.ts";
import { useHandler } from "../lib/use-handler.ts";
import { isDocument, mainPages } from "../pages.tsx";
import { CommandBox, CommandDialog, commandItem } from "../ui/CommandDialog.tsx";
import { ShortcutKeys } from "../ui/ShortcutKeys.tsx";
import type { PaletteSource } from "../ui/page/palette.ts";
import { pageDestinations, settingDestinations } from "./destinations.tsx";
import { usePaletteResults, type FoundItem } from "./palette-results.ts";
import { noteUsed, readUsed } from "./palette-usage.ts";

/** Searches pages, settings, projects, chats, agents, templates, files and commands. `>` shows commands only. */
export function Palette({
  isOpen,
  onOpenChange,
  sources,
  user,
  initialText = "",
}: {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  sources: readonly PaletteSource[];
  user: { id: string; is_superuser: boolean };
  initialText?: string;
}) {
  return (
    <CommandDialog title="Search" isOpen={isOpen} onOpenChange={onOpenChange}>
      <PaletteBody sources={sources} user={user} initialText={initialText} close={() => onOpenChange(false)} />
    </CommandDialog>
  );
}

/** Pages and settings, which are in no other source. Without a query only the main pages, since the rest is many. */
function useDestinations(user: { is_superuser: boolean }): PaletteSource[] {
  const { is_superuser } = user;
  return useMemo(() => {
    const pages = pageDestinations({ is_superuser });
    const mainOnes = new Set(mainPages.map(({ to }) => `go.${to}`));
    const settings = settingDestinations();
    return [
      {
        id: "pages",
        heading: "Pages",
        kind: "commands",
        icon: <AppWindow size={14} />,
        list: (query) => (query === "" ? pages.filter(({ id }) => mainOnes.has(id)) : pages),
      },
      {
        id: "settings",
        heading: "Settings",
        kind: "commands",
        icon: <SlidersHorizontal size={14} />,
        list: (query) => (query === "" ? [] : settings),
      },
    ];
  }, [is_superuser]);
}

function PaletteBody({
  sources: others,
  user,
  initialText,
  close,
}: {
  sources: readonly PaletteSource[];
  user: { id: string; is_superuser: boolean };
  initialText: string;
  close: () => void;
}) {
  const navigate = useNavigate();
  const [text, setText] = useState(initialText);
  const [openedAt] = useState(() => Date.now());
  const used = useMemo(() => readUsed(user.id, openedAt), [user.id, openedAt]);
  const destinations = useDestinations(user);
  const sources = useMemo(() => {
    const ofProject = others.filter(({ heading }) => heading === "This project");
    return [...ofProject, ...destinations, ...others.filter((source) => !ofProject.includes(source))];
  }, [others, destinations]);
  const { groups, waiting } = usePaletteResults(sources, text, used, openedAt);
  const isSearching = waiting.size > 0;
  // Items arrive after the text, so the first result is selected here.
  const firstItem = groups[0]?.items[0];
  const first = firstItem?.id ?? "";
  const [selection, setSelection] = useState({ first, text, id: first });
  if (selection.first !== first || selection.text !== text) setSelection({ first, text, id: first });
  const run = (item: FoundItem) => {
    const { id, source, title, hint, to } = item;
    noteUsed(user.id, { id, source, title, ...(hint && { hint }), ...(to && { to }) }, Date.now());
    close();
    if (to === undefined) item.run?.();
    else if (isDocument(to)) location.assign(to);
    else void navigate({ href: to });
  };
  // Enter waits for the source of the first result instead of running what it found for an earlier text.
  const isFirstSettled = firstItem ? !waiting.has(firstItem.source) : !isSearching;
  const [isAwaited, setIsAwaited] = useState(false);
  const runFirst = useHandler(() => {
    setIsAwaited(false);
    if (firstItem) run(firstItem);
  });
  useEffect(() => {
    if (isAwaited && isFirstSettled) runFirst();
  }, [isAwaited, isFirstSettled, runFirst]);
  const count = groups.reduce((sum, { items }) => sum + items.length, 0);
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
      onPicked={(id) => setSelection({ first, text, id })}
      isBusy={isSearching}
      status={text.trim() === "" || isSearching ? undefined : counted(count, "result")}
      onKeyDown={(event) => {
        if (event.key === "Enter" && selection.id === first && !isFirstSettled && !event.nativeEvent.isComposing) {
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
                  <ShortcutKeys id={item.shortcut} />
                </span>
              ) : null}
            </Command.Item>
          ))}
        </Command.Group>
      ))}
    </CommandBox>
  );
}
