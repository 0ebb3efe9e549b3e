import { sentenceOf } from "../../lib/errors.ts";
import { createAutosave, type Autosave } from "./autosave.ts";

/** The result of reading a file. */
export type ReadFile =
  | { kind: "text"; text: string; etag: string }
  /** Shown as media if the browser can, otherwise as a download. */
  | { kind: "binary"; size: number; etag: string }
  | { kind: "too_large" }
  | { kind: "gone" };
export type WriteFile =
  | { kind: "written"; etag: string }
  | { kind: "changed"; etag: string | undefined }
  | { kind: "failed"; message: string };

export interface BufferView {
  path: string;
  status: "loading" | "ready" | "binary" | "too_large" | "gone" | "failed";
  /** The last known text of the server; the editor's text may be newer (`isDirty`). */
  text: string;
  /** Changes when the editor must replace its text by `text`. Unique across files. */
  revision: number;
  /** Unsaved text of a file that was moved: the editor opens with it instead of `text`. */
  draft: string | undefined;
  isDirty: boolean;
  isSaving: boolean;
  size: number;
  /** Changed on the server while it was being edited here; `undefined` text means deleted there. */
  conflict: { text: string | undefined } | undefined;
  failure: string | undefined;
}

/** A file that is not loaded yet. */
export const loadingView = (path: string): BufferView => ({
  path,
  status: "loading",
  text: "",
  revision: 0,
  draft: undefined,
  isDirty: false,
  isSaving: false,
  size: 0,
  conflict: undefined,
  failure: undefined,
});

export interface Buffers {
  /** Opens a file, reading it once. */
  open: (path: string) => void;
  close: (path: string) => Promise<void>;
  get: (path: string) => BufferView | undefined;
  /** The editor's text changed; `read` returns it when it is needed. */
  edited: (path: string, read: () => string) => void;
  /** Saves unsaved text now (on blur). */
  flush: (path: string) => Promise<void>;
  /** The server may have another version: after an event, or when the tab is visible again. `etag` undefined means "unknown". */
  changed: (path: string, etag: string | undefined) => void;
  deleted: (path: string) => void;
  moved: (from: string, to: string) => void;
  keepMine: (path: string) => void;
  takeTheirs: (path: string) => void;
  retry: (path: string) => void;
  subscribe: (listener: () => void) => () => void;
  hasUnsaved: () => boolean;
}

interface Buffer {
  view: BufferView;
  etag: string | undefined;
  read: (() => string) | undefined;
  autosave: Autosave;
  /** Changes reported during our own write; compared with its ETag when it completes, to tell our own change from others. */
  pendingEtags: (string | undefined)[];
  /** The pending read. */
  reading: Promise<void> | undefined;
  /** The pending read may return an old version: one more follows. */
  isReadAgain: boolean;
  /** Completed writes: a read that started before the last one may return an older version. */
  writes: number;
}

/** Open files: the server's version, unsaved text, and conflicts between both. Independent of the editor. */
export function createBuffers({
  read,
  write,
  delayMs,
}: {
  read: (path: string) => Promise<ReadFile>;
  /** `etag` undefined: the file must not exist yet. */
  write: (path: string, text: string, etag: string | undefined) => Promise<WriteFile>;
  delayMs?: number;
}): Buffers {
  const buffers = new Map<string, Buffer>();
  let revisions = 0;
  const listeners = new Set<() => void>();
  const set = (buffer: Buffer, patch: Partial<BufferView>) => {
    buffer.view = { ...buffer.view, ...patch };
    for (const listener of listeners) listener();
  };
  const isOpen = (buffer: Buffer) => buffers.get(buffer.view.path) === buffer;

  /** At most one read per file is pending, and at most one more waits: responses can't arrive out of order. */
  const load = (buffer: Buffer): Promise<void> => {
    if (buffer.reading) buffer.isReadAgain = true;
    return (buffer.reading ??= (async () => {
      do {
        buffer.isReadAgain = false;
        await loadOnce(buffer);
      } while (buffer.isReadAgain && isOpen(buffer));
      buffer.reading = undefined;
    })());
  };
  const loadOnce = async (buffer: Buffer) => {
    const { path } = buffer.view;
    const { writes } = buffer;
    try {
      const file = await read(path);
      if (!isOpen(buffer)) return;
      // Our own write reads again when it completes.
      if (buffer.view.isSaving) return void buffer.pendingEtags.push(undefined);
      if (buffer.writes !== writes || buffer.view.path !== path) {
        buffer.isReadAgain = true;
        return;
      }
      switch (file.kind) {
        case "text": {
          buffer.etag = file.etag;
          const isSame = buffer.view.status === "ready" && buffer.view.text === file.text;
          if (buffer.view.isDirty && !isSame) return set(buffer, { conflict: { text: file.text } });
          return set(buffer, {
            status: "ready",
            text: file.text,
            failure: undefined,
            conflict: undefined,
            ...(!isSame && { revision: ++revisions }),
          });
        }
        case "binary":
          buffer.etag = file.etag;
          return set(buffer, { status: "binary", size: file.size, failure: undefined, revision: ++revisions });
        case "too_large":
          return set(buffer, { status: "too_large", failure: undefined });
        case "gone":
          return goneFrom(buffer);
      }
    } catch (error) {
      if (isOpen(buffer))
        set(buffer, {
          ...(buffer.view.status === "loading" && { status: "failed" }),
          failure: sentenceOf(error),
        });
    }
  };

  const goneFrom = (buffer: Buffer) => {
    buffer.etag = undefined;
    if (buffer.view.isDirty) set(buffer, { conflict: { text: undefined } });
    else set(buffer, { status: "gone" });
  };

  const save = async (buffer: Buffer) => {
    if (!buffer.read || !isOpen(buffer) || buffer.view.conflict) return;
    const text = buffer.read();
    if (text === buffer.view.text && buffer.etag !== undefined) return set(buffer, { isDirty: false });
    const readBefore = buffer.read;
    set(buffer, { isSaving: true, isDirty: false });
    const result = await write(buffer.view.path, text, buffer.etag);
    buffer.writes += 1;
    if (!isOpen(buffer)) return;
    const isNewer = buffer.read !== readBefore;
    switch (result.kind) {
      case "written":
        buffer.etag = result.etag;
        set(buffer, { isSaving: false, text, failure: undefined, isDirty: isNewer || buffer.view.isDirty });
        break;
      case "changed": {
        set(buffer, { isSaving: false, isDirty: true });
        await load(buffer);
        break;
      }
      case "failed":
        set(buffer, { isSaving: false, isDirty: true, failure: result.message });
        break;
    }
    const late = buffer.pendingEtags.splice(0);
    if (late.some((etag) => etag === undefined || etag !== buffer.etag)) await load(buffer);
  };

  const make = (path: string): Buffer => {
    const buffer: Buffer = {
      view: loadingView(path),
      etag: undefined,
      read: undefined,
      pendingEtags: [],
      reading: undefined,
      isReadAgain: false,
      writes: 0,
      autosave: createAutosave({ save: () => save(buffer), ...(delayMs !== undefined && { delayMs }) }),
    };
    return buffer;
  };

  const withBuffer = (path: string, callback: (buffer: Buffer) => void) => {
    const buffer = buffers.get(path);
    if (buffer) callback(buffer);
  };

  return {
    open: (path) => {
      const known = buffers.get(path);
      if (known && known.view.status !== "gone" && known.view.status !== "failed") return;
      const buffer = make(path);
      buffers.set(path, buffer);
      for (const listener of listeners) listener();
      void load(buffer);
    },
    close: async (path) => {
      const buffer = buffers.get(path);
      if (!buffer) return;
      await buffer.autosave.flush();
      buffers.delete(path);
      for (const listener of listeners) listener();
    },
    get: (path) => buffers.get(path)?.view,
    edited: (path, reader) =>
      withBuffer(path, (buffer) => {
        // A new function each time: a write compares it to notice that more was typed during it.
        buffer.read = () => reader();
        if (!buffer.view.isDirty || buffer.view.draft !== undefined) set(buffer, { isDirty: true, draft: undefined });
        if (!buffer.view.conflict) buffer.autosave.touch();
      }),
    flush: async (path) => {
      await buffers.get(path)?.autosave.flush();
    },
    changed: (path, etag) =>
      withBuffer(path, (buffer) => {
        if (etag !== undefined && etag === buffer.etag) return;
        if (buffer.view.isSaving) buffer.pendingEtags.push(etag);
        else void load(buffer);
      }),
    deleted: (path) => withBuffer(path, goneFrom),
    moved: (from, to) => {
      for (const [path, buffer] of buffers) {
        if (path !== from && !path.startsWith(`${from}/`)) continue;
        buffers.delete(path);
        const next = to + path.slice(from.length);
        buffers.set(next, buffer);
        const draft = buffer.view.isDirty ? buffer.read?.() : undefined;
        if (draft !== undefined) buffer.read = () => draft;
        set(buffer, { path: next, draft, revision: ++revisions });
      }
    },
    keepMine: (path) =>
      withBuffer(path, (buffer) => {
        const wasDeleted = buffer.view.conflict?.text === undefined;
        // Their text becomes the base of ours; the next write replaces it.
        set(buffer, { conflict: undefined, isDirty: true, ...(!wasDeleted && { text: buffer.view.conflict?.text ?? "" }) });
        buffer.autosave.touch();
        void buffer.autosave.flush();
      }),
    takeTheirs: (path) =>
      withBuffer(path, (buffer) => {
        buffer.autosave.forget();
        const theirs = buffer.view.conflict?.text;
        if (theirs === undefined) return set(buffer, { conflict: undefined, isDirty: false, status: "gone" });
        return set(buffer, { conflict: undefined, isDirty: false, text: theirs, revision: ++revisions });
      }),
    retry: (path) =>
      withBuffer(path, (buffer) => {
        if (buffer.view.isDirty) {
          buffer.autosave.touch();
          void buffer.autosave.flush();
        } else {
          set(buffer, { status: buffer.view.status === "ready" ? "ready" : "loading", failure: undefined });
          void load(buffer);
        }
      }),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    hasUnsaved: () => [...buffers.values()].some((buffer) => buffer.view.isDirty || buffer.view.isSaving),
  };
}
