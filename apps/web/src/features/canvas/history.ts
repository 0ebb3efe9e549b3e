/** Something a person did on the canvas and may undo. */
export interface Action {
  /** "Added postgres", for the toast and the button. */
  label: string;
  undo: () => Promise<unknown>;
  /** Missing if it can't be redone, because it needs input that was not kept. */
  redo?: () => Promise<unknown>;
  /** Consecutive actions of one group are one: ten nudges are undone at once. */
  group?: string;
}

export interface HistoryState {
  /** What undo and redo would do next. */
  undo: string | undefined;
  redo: string | undefined;
  isBusy: boolean;
}

export interface History {
  record: (action: Action) => void;
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

/** Undo and redo, one after the other. An action that fails is reported to `onFailure` and leaves the history, since its state is unknown. */
export function createHistory(onFailure: (action: Action, error: unknown, way: "undo" | "redo") => void): History {
  let done: Action[] = [];
  let undone: Action[] = [];
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
    record: (action) => {
      const last = done.at(-1);
      const isMore = action.group !== undefined && last?.group === action.group && undone.length === 0;
      done = isMore ? [...done.slice(0, -1), { ...action, undo: last.undo }] : [...done, action].slice(-kept);
      undone = [];
      publish(state.isBusy);
    },
    undo: () =>
      serially(async () => {
        const action = done.pop();
        if (!action) return;
        try {
          await action.undo();
          if (action.redo) undone.push(action);
          // Actions after one that can't be redone can't be redone either.
          else undone = [];
        } catch (error) {
          onFailure(action, error, "undo");
        }
      }),
    redo: () =>
      serially(async () => {
        const action = undone.pop();
        if (!action?.redo) return;
        try {
          await action.redo();
          done.push(action);
        } catch (error) {
          onFailure(action, error, "redo");
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
