/** Between two updates. */
const pauseMs = 50;
/** The same while the person types: an update starts right after a key was painted, when the next key is farthest away. */
const typingPauseMs = 150;
/** At the latest, whether or not a key was pressed. */
const longestTypingPauseMs = 300;
/** After a key, the person is still typing. */
const typingMs = 250;
/** Hidden pages get no frames. */
const hiddenPageMs = 250;

export interface UpdatePace {
  /** Something is to be updated. */
  request: () => void;
  /** Updates now if something is to be updated, and ends. */
  end: () => void;
}

/** Calls `update` after requests: several together, in a frame, and between the keys of a person who types rather than before one. */
export function createUpdatePace(update: () => void): UpdatePace {
  let isRequested = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let frame: number | undefined;
  /** The update waits for its frame; a key no longer delays it. */
  let isDue = false;
  let updatedAt = Number.NEGATIVE_INFINITY;
  let keyAt = Number.NEGATIVE_INFINITY;

  const cancel = () => {
    clearTimeout(timer);
    if (frame !== undefined) cancelAnimationFrame(frame);
    timer = frame = undefined;
    isDue = false;
  };
  const run = () => {
    cancel();
    isRequested = false;
    updatedAt = performance.now();
    update();
  };
  const runInFrame = () => {
    cancel();
    isDue = true;
    frame = requestAnimationFrame(run);
    timer = setTimeout(run, hiddenPageMs);
  };
  /** The first frame paints the key and is followed by what reacts to it. */
  const runAfterKey = () => {
    cancel();
    frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(run);
    });
    timer = setTimeout(runInFrame, updatedAt + longestTypingPauseMs - keyAt);
  };
  const schedule = () => {
    const now = performance.now();
    const isTyping = now - keyAt < typingMs;
    const waitMs = updatedAt + (isTyping ? longestTypingPauseMs : pauseMs) - now;
    if (waitMs > 0) timer = setTimeout(runInFrame, waitMs);
    else runInFrame();
  };
  const onKey = () => {
    keyAt = performance.now();
    if (!isRequested || isDue) return;
    cancel();
    if (keyAt - updatedAt >= typingPauseMs) runAfterKey();
    else schedule();
  };
  document.addEventListener("keydown", onKey, { capture: true, passive: true });
  return {
    request: () => {
      if (isRequested) return;
      isRequested = true;
      schedule();
    },
    end: () => {
      document.removeEventListener("keydown", onKey, { capture: true });
      if (isRequested) run();
    },
  };
}
