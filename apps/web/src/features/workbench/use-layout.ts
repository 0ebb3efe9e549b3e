import { useCallback, useState } from "react";
import { readStored, writeStored } from "../../lib/storage.ts";
import { isDockTab, isView, type DockTab, type View } from "../../project/views.ts";

export const chatWidth = { min: 320, max: 560, initial: 432 };
export const dockHeight = { min: 120, max: 640, initial: 206 };

/** The chat beside the sheet: its width, and whether only its timeline is shown. */
export interface ChatSize {
  chatPx: number;
  isFolded: boolean;
}
export interface Layout extends ChatSize {
  /** Of the views that need room. The others share the size above. */
  roomyChats: Partial<Record<View, ChatSize>>;
  dockPx: number;
  isDockOpen: boolean;
  dockTab: DockTab;
}
const key = "tesslate.workbench";

const isObject = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === "object";
const isLayout = (value: unknown): value is Partial<Layout> => isObject(value);
const within = (value: unknown, { min, max, initial }: typeof chatWidth): number =>
  typeof value === "number" && Number.isFinite(value) ? Math.min(max, Math.max(min, value)) : initial;
const sizeOf = (stored: Partial<Record<keyof ChatSize, unknown>>): ChatSize => ({
  chatPx: within(stored.chatPx, chatWidth),
  isFolded: stored.isFolded === true,
});

function readLayout(): Layout {
  const stored = readStored(localStorage, key, isLayout) ?? {};
  const roomy = isObject(stored.roomyChats) ? Object.entries(stored.roomyChats) : [];
  return {
    ...sizeOf(stored),
    roomyChats: Object.fromEntries(roomy.flatMap(([view, size]) => (isView(view) && isObject(size) ? [[view, sizeOf(size)]] : []))),
    dockPx: within(stored.dockPx, dockHeight),
    isDockOpen: stored.isDockOpen === true,
    dockTab: isDockTab(stored.dockTab) ? stored.dockTab : "terminal",
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

/** Code beside Preview. `share` is the preview's part of the width, from 0 to 1. */
export interface Split {
  isOpen: boolean;
  share: number;
}
const splitKey = (projectId: string) => `tesslate.split:${projectId}`;
const isSplit = (value: unknown): value is Split =>
  isObject(value) && typeof value["isOpen"] === "boolean" && typeof value["share"] === "number" && value["share"] > 0 && value["share"] < 1;

/** The stored split of a project. */
export function useSplit(projectId: string): [Split, (patch: Partial<Split>) => void] {
  const [split, setSplit] = useState<Split>(() => readStored(localStorage, splitKey(projectId), isSplit) ?? { isOpen: false, share: 0.5 });
  const change = useCallback(
    (patch: Partial<Split>) =>
      setSplit((last) => {
        const next = { ...last, ...patch };
        writeStored(localStorage, splitKey(projectId), next);
        return next;
      }),
    [projectId],
  );
  return [split, change];
}
