import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { isString, readStored, writeStored } from "../../lib/storage.ts";
import { useProjectEvent } from "../../project/project-context.ts";
import { useServices } from "../../project/services.ts";
import { createBuffers, loadingView } from "../editor/index.ts";
import { readNotes, writeNotes } from "./notes.api.ts";

/** The name makes the editor speak Markdown. */
export const notesPath = "notes.md";
/** What was written, and the server's text it was written upon. */
interface Kept {
  text: string;
  base: string;
}
const isKept = (value: unknown): value is Kept =>
  typeof value === "object" && value !== null && "text" in value && "base" in value && isString(value.text) && isString(value.base);
const keptKey = (projectId: string) => `studio:notes:${projectId}`;

/**
 * The project's notes as one open file: saved after a pause, guarded by their version. What could not be saved when the view was left is kept
 * for the tab and taken up again.
 */
export function useNotes(projectId: string) {
  const { api } = useServices();
  const [left] = useState(() => readStored(sessionStorage, keptKey(projectId), isKept));
  const [buffers] = useState(() => {
    let resumed = left;
    return createBuffers({
      read: async () => {
        const read = await readNotes(api, projectId);
        const from = resumed;
        resumed = undefined;
        // A draft that is opened again continues where it was left; if someone else wrote in between, the first save gets a conflict.
        return from && read.kind === "text" && read.text !== from.base ? { ...read, text: from.base, etag: "left" } : read;
      },
      write: (_path, text, etag) => writeNotes(api, projectId, text, etag),
    });
  });
  const kept = left?.text;
  /** Gives the editor's text. */
  const last = useRef<() => string>(undefined);
  const found = useSyncExternalStore(buffers.subscribe, () => buffers.get(notesPath));
  const buffer = found ?? loadingView(notesPath);

  useEffect(() => {
    buffers.open(notesPath);
    const onUnload = (event: BeforeUnloadEvent) => {
      if (buffers.hasUnsaved()) event.preventDefault();
    };
    addEventListener("beforeunload", onUnload);
    return () => {
      removeEventListener("beforeunload", onUnload);
      const text = last.current?.();
      void buffers.flush(notesPath).then(() => {
        const base = buffers.get(notesPath)?.text;
        writeStored(sessionStorage, keptKey(projectId), buffers.hasUnsaved() && text !== undefined ? { text, base } : undefined);
      });
    };
  }, [buffers, projectId]);
  useProjectEvent("notes_changed", ({ etag }) => buffers.changed(notesPath, etag));

  const isReady = buffer.status === "ready";
  useEffect(() => {
    if (!isReady || kept === undefined || last.current) return;
    last.current = () => kept;
    buffers.edited(notesPath, last.current);
  }, [isReady, kept, buffers]);

  return {
    buffers,
    buffer,
    /** What the editor begins with instead of the server's text. */
    kept,
    read: () => last.current?.() ?? buffer.text,
    edited: (path: string, read: () => string) => {
      last.current = read;
      buffers.edited(path, read);
    },
  };
}
