export interface AutosaveOptions {
  /** Writes what is unsaved now. Rejecting means "not saved": the owner shows why and decides when to try again. */
  save: () => Promise<void>;
  /** Pause after the last keystroke. */
  delayMs?: number;
}
export interface Autosave {
  /** Something was typed. */
  touch: () => void;
  /** Save now, if anything is unsaved (blur, closing the tab); resolves when it is written or has failed. */
  flush: () => Promise<void>;
  /** Nothing is to be saved any more (the owner took another version). */
  forget: () => void;
  isPending: () => boolean;
}

/**
 * One write per burst of typing: it starts after a pause, never two at a time; what is typed while one is on its way
 * waits for its own pause and for the first to end.
 */
export function createAutosave({ save, delayMs = 800 }: AutosaveOptions): Autosave {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | undefined;
  let isDirty = false;

  const run = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    if (!isDirty) return running ?? Promise.resolve();
    if (running) return running.then(run);
    isDirty = false;
    running = save()
      .catch(() => undefined)
      .finally(() => {
        running = undefined;
      });
    return running;
  };

  return {
    touch: () => {
      isDirty = true;
      clearTimeout(timer);
      timer = setTimeout(() => void run(), delayMs);
    },
    flush: run,
    forget: () => {
      isDirty = false;
      clearTimeout(timer);
      timer = undefined;
    },
    isPending: () => isDirty || running !== undefined,
  };
}
