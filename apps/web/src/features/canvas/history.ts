/** Something a person did on the canvas and may undo. */
export interface Act {
  /** "Added postgres", for the toast and the button. */
  label: string;
  undo: () => Promise<unknown>;
  /** Missing if it can't be redone, because it needs input that was not kept. */
  redo?: () => Promise<unknown>;
  /** Consecutive acts of one group are one: ten nudges are undone at once. */
  group?: string;
}

export interface HistoryState {
  /** What undo and redo would do next. */
  undo: string | undefined;
  redo: string | undefined;
  isBusy: boolean;
}

export interface History {
  record: (act: Act) => void;
  undo: () => Promise<void>;
  redo: () => Promise<void>;
  /** Records that something was recreated under a new id. */
  rename: (oldId: string, newId: string) => void;
  /** The id under which this exists now. */
  now: (id: string) => string;
  getState: () => HistoryState;
  subscribe: (listener: () => void) => () => void;
}

const kept = 100;
const nothing: HistoryState = { undo: undefined, redo: undefined, isBusy: false };

/** Undo and redo, one after the other. An act that fails is reported to `onFailure` and leaves the history, since its state is unknown. */
export function createHistory(onFailure: (act: Act, error: unknown, way: "undo" | "redo") => void): History {
  let done: Act[] = [];
  let undone: Act[] = [];
  let state = nothing;
  let queue: Promise<void> = Promise.resolve();
  const names = new Map<string, string>();
  const listeners = new Set<() => void>();

  const publish = (isBusy: boolean) => {
    state = { undo: done.at(-1)?.label, redo: undone.at(-1)?.label, isBusy };
    for (const listener of listeners) listener();
  };
  const serially = (work: () => Promise<void>): Promise<void> => {
    queue = queue.then(async () => {
      publish(true);
      await work();
      publish(false);
    });
    return queue;
  };

  return {
    record: (act) => {
      const last = done.at(-1);
      const isMore = act.group !== undefined && last?.group === act.group && undone.length === 0;
      done = isMore ? [...done.slice(0, -1), { ...act, undo: last.undo }] : [...done, act].slice(-kept);
      undone = [];
      publish(state.isBusy);
    },
    undo: () =>
      serially(async () => {
        const act = done.pop();
        if (!act) return;
        try {
          await act.undo();
          if (act.redo) undone.push(act);
          // Acts after one that can't be redone can't be redone either.
          else undone = [];
        } catch (error) {
          onFailure(act, error, "undo");
        }
      }),
    redo: () =>
      serially(async () => {
        const act = undone.pop();
        if (!act?.redo) return;
        try {
          await act.redo();
          done.push(act);
        } catch (error) {
          onFailure(act, error, "redo");
        }
      }),
    rename: (oldId, newId) => {
      if (oldId !== newId) names.set(oldId, newId);
    },
    now: (id) => {
      let current = id;
      for (let next = names.get(current); next !== undefined; next = names.get(current)) current = next;
      return current;
    },
    getState: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
