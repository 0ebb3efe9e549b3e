import { dropTargetForExternal } from "@atlaskit/pragmatic-drag-and-drop/adapter/drop-target-for-external";
import { containsFiles } from "@atlaskit/pragmatic-drag-and-drop/utils/contains-files";
import { getFiles } from "@atlaskit/pragmatic-drag-and-drop/utils/get-files";
import { useEffect, useState, type RefObject } from "react";
import { useHandler } from "./use-handler.ts";

const isWriting = (target: EventTarget | null) =>
  target instanceof HTMLElement && target.closest("input, textarea, select, [contenteditable='true']") !== null;

/** Files of the computer dropped on an element. `isOver`: some hang over it. */
export const useDroppedFiles = (ref: RefObject<HTMLElement | null>, onFiles: (files: File[]) => void): { isOver: boolean } =>
  useDrop(ref, (source) => onFiles(getFiles({ source })));

/** Files and folders of the computer dropped on an element, as they can be read during the drop event. */
export const useDroppedItems = (ref: RefObject<HTMLElement | null>, onItems: (items: DataTransferItem[]) => void): { isOver: boolean } =>
  useDrop(ref, ({ items }) => onItems(items));

type Source = Parameters<typeof getFiles>[0]["source"];
function useDrop(ref: RefObject<HTMLElement | null>, onDrop: (source: Source) => void): { isOver: boolean } {
  const [isOver, setIsOver] = useState(false);
  const take = useHandler(onDrop);
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    return dropTargetForExternal({
      element,
      canDrop: containsFiles,
      onDragEnter: () => setIsOver(true),
      onDragLeave: () => setIsOver(false),
      onDrop: ({ source }) => {
        setIsOver(false);
        take(source);
      },
    });
  }, [ref, take]);
  return { isOver };
}

/** Files pasted while no text field has the focus. */
export function usePastedFiles(onFiles: (files: File[]) => void): void {
  const take = useHandler(onFiles);
  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])];
      if (files.length === 0 || isWriting(event.target)) return;
      event.preventDefault();
      take(files);
    };
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  }, [take]);
}
