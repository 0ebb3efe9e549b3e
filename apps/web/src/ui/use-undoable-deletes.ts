import { useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import { sentenceOf } from "../lib/errors.ts";
import { useHandler } from "../lib/use-handler.ts";
import { toast } from "./toast.tsx";

const undoMs = 10_000;

interface Waiting<T> {
  item: T;
  name: string;
  timer: ReturnType<typeof setTimeout>;
}

export interface UndoableDeletes<T> {
  /** Ids of what is to be shown as gone. */
  hidden: ReadonlySet<string>;
  remove: (item: T, name: string) => void;
}

/**
 * Deletes that can be taken back: the thing is out of sight at once, its deletion is sent when the notice with Undo has gone, and nothing is
 * lost meanwhile. Leaving the view, or the page, sends what still waits.
 */
export function useUndoableDeletes<T extends { id: string }>({
  send,
  said,
}: {
  /** Deletes it. `isLeaving`: the page is closing, only a request that outlives it arrives. */
  send: (item: T, isLeaving: boolean) => Promise<void>;
  said: (name: string) => ReactNode;
}): UndoableDeletes<T> {
  const [store] = useState(() => createHidden());
  const [waiting] = useState(() => new Map<string, Waiting<T>>());
  const hidden = useSyncExternalStore(store.subscribe, store.read);
  const sentence = useHandler(said);

  const finish = useHandler(async (id: string, isLeaving: boolean) => {
    const entry = waiting.get(id);
    if (!entry) return;
    waiting.delete(id);
    clearTimeout(entry.timer);
    try {
      await send(entry.item, isLeaving);
    } catch (error) {
      toast(`${entry.name} is still there: ${sentenceOf(error)}`, { kind: "failed", id: `delete:${id}` });
    } finally {
      store.show(id);
    }
  });
  const undo = useHandler((id: string) => {
    const entry = waiting.get(id);
    // The notice may be held open longer than the wait.
    if (!entry) return toast("Too late to undo: it is deleted.", { kind: "note", id: `delete:${id}` });
    clearTimeout(entry.timer);
    waiting.delete(id);
    return store.show(id);
  });

  useEffect(() => {
    const leave = () => {
      for (const id of waiting.keys()) void finish(id, true);
    };
    window.addEventListener("pagehide", leave);
    return () => {
      window.removeEventListener("pagehide", leave);
      for (const [id, { name }] of waiting) {
        // The Undo of the old notice would come too late.
        toast(sentence(name), { id: `delete:${id}`, durationMs: 3000 });
        void finish(id, false);
      }
    };
  }, [waiting, finish, sentence]);

  return {
    hidden,
    remove: (item, name) => {
      store.hide(item.id);
      waiting.set(item.id, { item, name, timer: setTimeout(() => void finish(item.id, false), undoMs) });
      toast(sentence(name), { id: `delete:${item.id}`, durationMs: undoMs, action: { label: "Undo", onSelect: () => undo(item.id) } });
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
