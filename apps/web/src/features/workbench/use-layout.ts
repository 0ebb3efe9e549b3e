import { useCallback, useState } from "react";
import { readStored, writeStored } from "../../lib/storage.ts";
import { isDockTab, type DockTab } from "../../project/views.ts";

export const chatWidth = { min: 320, max: 560, initial: 432 };
export const dockHeight = { min: 120, max: 640, initial: 206 };

export interface Layout {
  chatPx: number;
  isFolded: boolean;
  dockPx: number;
  isDockOpen: boolean;
  dockTab: DockTab;
}
const key = "tesslate.workbench";
const initial: Layout = { chatPx: chatWidth.initial, isFolded: false, dockPx: dockHeight.initial, isDockOpen: false, dockTab: "terminal" };

const isLayout = (value: unknown): value is Partial<Layout> => value !== null && typeof value === "object";
const within = (value: unknown, { min, max, initial: fallback }: typeof chatWidth): number =>
  typeof value === "number" && Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : fallback;

function readLayout(): Layout {
  const stored = readStored(localStorage, key, isLayout) ?? {};
  return {
    chatPx: within(stored.chatPx, chatWidth),
    dockPx: within(stored.dockPx, dockHeight),
    isFolded: stored.isFolded === true,
    isDockOpen: stored.isDockOpen === true,
    dockTab: isDockTab(stored.dockTab) ? stored.dockTab : initial.dockTab,
  };
}

/** The stored layout of the workbench, the same for every project. */
export function useLayout(): [Layout, (patch: Partial<Layout>) => void] {
  const [layout, setLayout] = useState(readLayout);
  const change = useCallback(
    (patch: Partial<Layout>) =>
      setLayout((last) => {
        const next = { ...last, ...patch };
        writeStored(localStorage, key, next);
        return next;
      }),
    [],
  );
  return [layout, change];
}
