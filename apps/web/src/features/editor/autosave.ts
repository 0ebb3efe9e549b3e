export interface AutosaveOptions {
  /** Saves the unsaved text. If it rejects, the owner shows the reason and decides when to retry. */
  save: () => Promise<void>;
  /** Pause after the last keystroke. */
  delayMs?: number;
}
export interface Autosave {
  /** Something was typed. */
  touch: () => void;
  /** Saves now if anything is unsaved (blur, closing the tab); resolves when it is saved or has failed. */
  flush: () => Promise<void>;
  /** Discards the unsaved text (the owner took another version). */
  forget: () => void;
  isPending: () => boolean;
}

/**
 * One write per burst of typing: it starts after a pause, never two at a time. Text typed during a write waits for
 * its own pause and for the write to end.
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
