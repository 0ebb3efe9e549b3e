import { createContext, useContext, useEffect, useRef, type ReactNode } from "react";
import type { ShortcutId } from "../../shortcuts.ts";

export interface PaletteItem {
  /** Stable: recently used items are stored by it. */
  id: string;
  title: string;
  hint?: string;
  icon?: ReactNode;
  shortcut?: ShortcutId;
  run: () => void;
}

export interface PaletteSource {
  id: string;
  /** Head of its group. */
  heading: string;
  /** `commands` are also searched after `>`; `things` are not. */
  kind: "commands" | "things";
  /** Synchronous sources are ranked by the palette; an async one ranks for itself and must obey the signal. */
  search: (query: string, signal: AbortSignal) => readonly PaletteItem[] | Promise<readonly PaletteItem[]>;
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

/** Adds a source while the component is mounted. `search` may change on every render. */
export function usePaletteSource(source: PaletteSource): void {
  const registry = usePalette();
  const latest = useRef(source);
  useEffect(() => {
    latest.current = source;
  });
  const { id, heading, kind } = source;
  useEffect(
    () => registry.add({ id, heading, kind, search: (query, signal) => latest.current.search(query, signal) }),
    [registry, id, heading, kind],
  );
}
