import { createContext, useContext, useEffect, useRef, type ReactNode } from "react";
import type { ShortcutId } from "../../shortcuts.ts";

export interface PaletteItem {
  /** Stable: used items are stored by it. */
  id: string;
  title: string;
  hint?: string;
  /** Other words that find it, separated by spaces. */
  words?: string;
  icon?: ReactNode;
  shortcut?: ShortcutId;
  /** An address that it opens. */
  to?: string;
  /** What it does, if it opens no address. */
  run?: () => void;
}

export interface PaletteSource {
  id: string;
  /** Head of its group. */
  heading: string;
  /** `commands` are also searched after `>`; `things` are not. */
  kind: "commands" | "things";
  /** Of items that were used before and are listed before the source has answered. */
  icon?: ReactNode;
  /** Asks the server: only when nobody has typed for a moment. */
  isRemote?: true;
  /** Everything that it has, for the palette to rank. With no query: what is worth listing. */
  list?: (query: string) => readonly PaletteItem[];
  /** Instead of `list`: what matches, best first. Obeys the signal. */
  search?: (query: string, signal: AbortSignal) => Promise<readonly PaletteItem[]>;
}

export interface PaletteGroup {
  heading: string;
  items: readonly PaletteItem[];
}

/** The results as shown: one group per heading, in the order of its first source. */
export function groupsOf(answers: readonly PaletteGroup[]): PaletteGroup[] {
  const groups = new Map<string, readonly PaletteItem[]>();
  for (const { heading, items } of answers) if (items.length > 0) groups.set(heading, [...(groups.get(heading) ?? []), ...items]);
  return [...groups].map(([heading, items]) => ({ heading, items }));
}

export interface PaletteRegistry {
  sources: () => readonly PaletteSource[];
  add: (source: PaletteSource) => () => void;
  open: (query?: string) => void;
}

export function createPaletteRegistry(open: (query?: string) => void): PaletteRegistry {
  const sources = new Map<string, PaletteSource>();
  return {
    open,
    sources: () => [...sources.values()],
    add(source) {
      sources.set(source.id, source);
      return () => {
        if (sources.get(source.id) === source) sources.delete(source.id);
      };
    },
  };
}

export const PaletteContext = createContext<PaletteRegistry | undefined>(undefined);

export function usePalette(): PaletteRegistry {
  const registry = useContext(PaletteContext);
  if (!registry) throw new Error("usePalette must be used within AppFrame.");
  return registry;
}

/** Adds a source while the component is mounted. `list` and `search` may change on every render. */
export function usePaletteSource(source: PaletteSource): void {
  const registry = usePalette();
  const latest = useRef(source);
  useEffect(() => {
    latest.current = source;
  });
  const { id, heading, kind, isRemote } = source;
  const isSearched = source.search !== undefined;
  useEffect(
    () =>
      registry.add({
        id,
        heading,
        kind,
        icon: latest.current.icon,
        ...(isRemote && { isRemote }),
        ...(isSearched
          ? { search: async (query, signal) => latest.current.search?.(query, signal) ?? [] }
          : { list: (query) => latest.current.list?.(query) ?? [] }),
      }),
    [registry, id, heading, kind, isRemote, isSearched],
  );
}
