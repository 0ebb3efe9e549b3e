/** Something a person did to the canvas and may take back. */
export interface Act {
  /** "Added postgres", as the toast and the button say it. */
  label: string;
  undo: () => Promise<unknown>;
  /** Left out where it cannot be done again, because it needs what only the person knows. */
  redo?: () => Promise<unknown>;
  /** Acts of one group in a row are one: ten nudges are taken back at once. */
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
  /** What came back under a new id answers to its old one. */
  rename: (oldId: string, newId: string) => void;
  /** The id under which this exists now. */
  now: (id: string) => string;
  getState: () => HistoryState;
  subscribe: (listener: () => void) => () => void;
}

const kept = 100;
const nothing: HistoryState = { undo: undefined, redo: undefined, isBusy: false };

/** Undo and redo, one after the other. What fails is told to `onFailure` and leaves the history, since nobody knows how far it came. */
export function createHistory(onFailure: (act: Act, error: unknown) => void): History {
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
          // What comes after a step that cannot be done again cannot be either.
          else undone = [];
        } catch (error) {
          onFailure(act, error);
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
          onFailure(act, error);
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
