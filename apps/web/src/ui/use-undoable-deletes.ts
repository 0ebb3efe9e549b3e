import { useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import { useHandler } from "../lib/use-handler.ts";
import { toast, toastError, toastWithUndo } from "./toast.tsx";

const undoMs = 10_000;

interface Waiting<T> {
  item: T;
  name: string;
  timer: ReturnType<typeof setTimeout>;
}

export interface UndoableDeletes<T> {
  /** Ids of items to hide. */
  hidden: ReadonlySet<string>;
  remove: (item: T, name: string) => void;
}

/**
 * Deletes that can be undone: the item is hidden at once, and the request is sent when the toast with Undo has disappeared. Leaving the
 * view or the page sends pending requests.
 */
export function useUndoableDeletes<T extends { id: string }>({
  send,
  said,
}: {
  /** Sends the request, with `options`: while the page closes, it must outlive the page. */
  send: (item: T, options: { keepalive: boolean }) => Promise<void>;
  said: (name: string) => ReactNode;
}): UndoableDeletes<T> {
  const [store] = useState(() => createHidden());
  const [waiting] = useState(() => new Map<string, Waiting<T>>());
  const hidden = useSyncExternalStore(store.subscribe, store.read);
  const sentence = useHandler(said);

  const finish = useHandler(async (id: string, options: { keepalive: boolean }) => {
    const entry = waiting.get(id);
    if (!entry) return;
    waiting.delete(id);
    clearTimeout(entry.timer);
    try {
      await send(entry.item, options);
    } catch (error) {
      toastError(error, { before: `Couldn't delete ${entry.name}.`, id: `delete:${id}` });
    } finally {
      store.show(id);
    }
  });
  const undo = useHandler((id: string) => {
    const entry = waiting.get(id);
    // Hovering keeps the toast open longer than the delay.
    if (!entry) return toast("Too late to undo. It was already deleted.", { kind: "note", id: `delete:${id}` });
    clearTimeout(entry.timer);
    waiting.delete(id);
    return store.show(id);
  });

  useEffect(() => {
    const leave = () => {
      for (const id of waiting.keys()) void finish(id, { keepalive: true });
    };
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      for (const [id, { name }] of waiting) {
        // Replaces the toast whose Undo would be too late.
        toast(sentence(name), { id: `delete:${id}`, durationMs: 3000 });
        void finish(id, { keepalive: false });
      }
    };
  }, [waiting, finish, sentence]);

  return {
    hidden,
    remove: (item, name) => {
      store.hide(item.id);
      waiting.set(item.id, { item, name, timer: setTimeout(() => void finish(item.id, { keepalive: false }), undoMs) });
      toastWithUndo(sentence(name), () => undo(item.id), { id: `delete:${item.id}`, durationMs: undoMs });
    },
  };
}

function createHidden() {
  let ids: ReadonlySet<string> = new Set();
  const listeners = new Set<() => void>();
  const set = (next: ReadonlySet<string>) => {
    ids = next;
    for (const listener of listeners) listener();
  };
  return {
    read: () => ids,
    hide: (id: string) => set(new Set([...ids, id])),
    show: (id: string) => set(new Set([...ids].filter((other) => other !== id))),
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
