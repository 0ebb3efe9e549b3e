import { dropTargetForExternal } from "@atlaskit/pragmatic-drag-and-drop/adapter/drop-target-for-external";
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/adapter/element-adapter";
import { combine } from "@atlaskit/pragmatic-drag-and-drop/utils/combine";
import { containsFiles } from "@atlaskit/pragmatic-drag-and-drop/utils/contains-files";
import { useEffect, useRef, useState, type RefObject } from "react";
import { parentOf, type FileTree } from "../../lib/file-tree.ts";
import { useHandler } from "../../lib/use-handler.ts";
import { fromDrop, type Incoming } from "./incoming.ts";

/** In the data of a row: its path. */
const pathKey = "treePath";
/** A closed folder opens after a drag rests on it for this long. */
const openAfterMs = 700;

type Data = Record<string | symbol, unknown>;
interface Location {
  current: { dropTargets: readonly { data: Data }[] };
}
const isRow = ({ source }: { source: { data: Data } }) => source.data[pathKey] !== undefined;

/** A row of the tree: it takes what is dropped on it and, while `isMovable`, can be dragged. */
export function useTreeRowDrag(ref: RefObject<HTMLElement | null>, path: string, isMovable: boolean): void {
  useEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const getData = () => ({ [pathKey]: path });
    return combine(
      dropTargetForElements({ element, canDrop: isRow, getData }),
      dropTargetForExternal({ element, canDrop: containsFiles, getData }),
      isMovable ? draggable({ element, getInitialData: getData }) : () => undefined,
    );
  }, [ref, path, isMovable]);
}

/** Drags rows to folders, and files of the computer to both. `target`: the folder under the drag; "" is the project root. */
export function useTreeDrag(
  panel: RefObject<HTMLElement | null>,
  {
    tree,
    subjects,
    onMove,
    onFiles,
    onHold,
  }: {
    tree: FileTree;
    /** What moves with a row. */
    subjects: (path: string) => readonly string[];
    onMove: (paths: readonly string[], folder: string) => void;
    onFiles: (files: readonly Incoming[], folder: string) => void;
    /** A drag rests on this folder. */
    onHold: (folder: string) => void;
  },
): { target: string | undefined } {
  const [target, setTarget] = useState<string>();
  const held = useRef<{ folder: string; timer: number }>(undefined);
  const release = () => {
    clearTimeout(held.current?.timer);
    held.current = undefined;
  };
  const folderAt = ({ current }: Location): string => {
    const path = current.dropTargets[0]?.data[pathKey];
    return typeof path !== "string" ? "" : tree.nodes.get(path)?.isDirectory ? path : parentOf(path);
  };
  const leave = useHandler(() => {
    setTarget(undefined);
    release();
  });
  const over = useHandler((location: Location) => {
    const folder = folderAt(location);
    setTarget(folder);
    if (held.current?.folder === folder) return;
    release();
    if (folder !== "") held.current = { folder, timer: window.setTimeout(() => onHold(folder), openAfterMs) };
  });
  const move = useHandler((row: string, location: Location) => onMove(subjects(row), folderAt(location)));
  const upload = useHandler((items: readonly DataTransferItem[], location: Location) => {
    const folder = folderAt(location);
    void fromDrop(items).then((files) => onFiles(files, folder));
  });

  useEffect(() => {
    const element = panel.current;
    if (!element) return undefined;
    return combine(
      dropTargetForElements({
        element,
        canDrop: isRow,
        onDrag: ({ location }) => over(location),
        onDragLeave: leave,
        onDrop: ({ source, location }) => {
          leave();
          move(String(source.data[pathKey]), location);
        },
      }),
      dropTargetForExternal({
        element,
        canDrop: containsFiles,
        onDrag: ({ location }) => over(location),
        onDragLeave: leave,
        onDrop: ({ source, location }) => {
          leave();
          upload(source.items, location);
        },
      }),
      leave,
    );
  }, [panel, over, leave, move, upload]);
  return { target };
}
