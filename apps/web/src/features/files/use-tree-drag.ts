import { useRef, useState, type DragEvent } from "react";
import { parentOf, type FileTree } from "../../lib/file-tree.ts";
import { fromDrop, type Incoming } from "./incoming.ts";

const kind = "application/x-studio-paths";
/** A closed folder opens after a drag rests on it for this long. */
const openAfterMs = 700;

const isOurs = (event: DragEvent) => event.dataTransfer.types.includes(kind);
const isFromOutside = (event: DragEvent) => event.dataTransfer.types.includes("Files");

export interface TreeDrag {
  /** The folder under the drag; "" is the project root. */
  target: string | undefined;
  /** For a row that can be dragged. */
  start: (event: DragEvent, path: string) => void;
  /** For rows (their path) and for the empty area (undefined). */
  over: (event: DragEvent, path: string | undefined) => void;
  drop: (event: DragEvent, path: string | undefined) => void;
  leave: () => void;
}

/** Drags rows to folders, and files of the computer to both. */
export function useTreeDrag({
  tree,
  subjects,
  onMove,
  onFiles,
  onHold,
}: {
  tree: FileTree;
  subjects: (path: string) => readonly string[];
  onMove: (paths: readonly string[], folder: string) => void;
  onFiles: (files: readonly Incoming[], folder: string) => void;
  /** A drag rests on this folder. */
  onHold: (folder: string) => void;
}): TreeDrag {
  const [target, setTarget] = useState<string>();
  const held = useRef<{ folder: string; timer: number }>(undefined);
  const release = () => {
    clearTimeout(held.current?.timer);
    held.current = undefined;
  };
  const folderAt = (path: string | undefined) => (path === undefined ? "" : tree.nodes.get(path)?.isDirectory ? path : parentOf(path));
  const leave = () => {
    setTarget(undefined);
    release();
  };
  return {
    target,
    start: (event, path) => {
      event.dataTransfer.setData(kind, JSON.stringify(subjects(path)));
      event.dataTransfer.effectAllowed = "move";
    },
    over: (event, path) => {
      if (!isOurs(event) && !isFromOutside(event)) return;
      event.preventDefault();
      event.stopPropagation();
      event.dataTransfer.dropEffect = isOurs(event) ? "move" : "copy";
      const folder = folderAt(path);
      setTarget(folder);
      if (held.current?.folder === folder) return;
      release();
      if (folder !== "") held.current = { folder, timer: window.setTimeout(() => onHold(folder), openAfterMs) };
    },
    drop: (event, path) => {
      if (!isOurs(event) && !isFromOutside(event)) return;
      event.preventDefault();
      event.stopPropagation();
      leave();
      const folder = folderAt(path);
      const paths = event.dataTransfer.getData(kind);
      if (paths) onMove(JSON.parse(paths) as string[], folder);
      else void fromDrop(event.dataTransfer).then((files) => onFiles(files, folder));
    },
    leave,
  };
}
