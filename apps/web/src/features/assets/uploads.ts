import { uploadRefusal } from "./asset-looks.tsx";

export interface AssetUpload {
  id: number;
  name: string;
  directory: string;
  /** `refused` is never sent, `failed` can be retried; completed uploads leave the list. */
  state: "waiting" | "sending" | "failed" | "refused";
  sent: number;
  total: number;
  failure: string | undefined;
}
interface Entry {
  shown: AssetUpload;
  file: File;
  abort: AbortController | undefined;
}
type Send = (file: File, directory: string, signal: AbortSignal, onProgress: (sent: number, total: number) => void) => Promise<void>;

const atOnce = 3;

/** A queue of uploads, some at a time. Independent of the server and the UI. */
export function createUploads(send: Send, onArrived: (name: string) => void) {
  let entries: readonly Entry[] = [];
  let shown: readonly AssetUpload[] = [];
  let last = 0;
  const listeners = new Set<() => void>();
  const set = (next: readonly Entry[]) => {
    entries = next;
    shown = next.map((entry) => entry.shown);
    for (const listener of listeners) listener();
  };
  const patch = (id: number, change: Partial<AssetUpload>) =>
    set(entries.map((entry) => (entry.shown.id === id ? { ...entry, shown: { ...entry.shown, ...change } } : entry)));

  const start = () => {
    const running = entries.filter(({ shown: { state } }) => state === "sending").length;
    for (const {
      shown: { id },
      file,
    } of entries.filter((entry) => entry.shown.state === "waiting").slice(0, Math.max(0, atOnce - running)))
      void run(id, file);
  };
  const run = async (id: number, file: File) => {
    const abort = new AbortController();
    set(
      entries.map((entry) =>
        entry.shown.id === id ? { ...entry, abort, shown: { ...entry.shown, state: "sending", failure: undefined } } : entry,
      ),
    );
    const directory = entries.find((entry) => entry.shown.id === id)?.shown.directory ?? "";
    try {
      await send(file, directory, abort.signal, (sent, total) => patch(id, { sent, total }));
      set(entries.filter((entry) => entry.shown.id !== id));
      onArrived(file.name);
    } catch (error) {
      patch(id, { state: "failed", sent: 0, failure: error instanceof Error ? error.message : "The upload failed." });
    }
    start();
  };

  return {
    read: () => shown,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    add: (files: readonly File[], directory: string) => {
      const fresh = files.map((file): Entry => {
        const refusal = uploadRefusal(file);
        return {
          file,
          abort: undefined,
          shown: {
            id: ++last,
            name: file.name,
            directory,
            state: refusal ? "refused" : "waiting",
            sent: 0,
            total: file.size,
            failure: refusal,
          },
        };
      });
      set([...entries, ...fresh]);
      start();
    },
    retry: (id: number) => {
      patch(id, { state: "waiting" });
      start();
    },
    /** Cancels an upload, or removes it from the list. */
    remove: (id: number) => {
      const entry = entries.find(({ shown: { id: known } }) => known === id);
      set(entries.filter((known) => known !== entry));
      entry?.abort?.abort();
    },
  };
}
