/** Finds the end of something in streamed text; every piece is scanned once. */

export type EndFinder = (delta: string) => number | undefined;
/** Finds a marker in streamed text; returns the index after it in the whole text. */
export function createEndFinder(until: string | undefined): EndFinder {
  let tail = "";
  let received = 0;
  return (delta) => {
    if (until === undefined) return undefined;
    const text = tail + delta;
    const at = text.toLowerCase().indexOf(until);
    const end = at === -1 ? undefined : received - tail.length + at + until.length;
    received += delta.length;
    tail = text.slice(-(until.length - 1));
    return end;
  };
}

export interface BracketScan {
  push(delta: string): void;
  /** Index in the whole behind the next bracket that closes the value; undefined when it is not there yet. */
  next(): number | undefined;
}
/** Counts brackets outside of strings, once over the text however it arrives. */
export function createBracketScan(): BracketScan {
  let depth = 0;
  let quote: string | undefined;
  let isEscaped = false;
  let last = "";
  let waiting = "";
  let at = 0;
  let before = 0;
  const isClosing = (char: string): boolean => {
    if (isEscaped) {
      isEscaped = false;
      return false;
    }
    if (quote !== undefined) {
      if (char === "\\") isEscaped = true;
      else if (char === quote) {
        quote = undefined;
        last = char;
      }
      return false;
    }
    if (char === '"' || ((char === "'" || char === "`") && /[{[,:(]/.test(last))) quote = char;
    else if (char === "{" || char === "[") depth++;
    else if ((char === "}" || char === "]") && --depth <= 0) {
      depth = 0;
      last = char;
      return true;
    }
    if (char.trim() !== "") last = char;
    return false;
  };
  return {
    push(delta) {
      before += at;
      waiting = waiting.slice(at) + delta;
      at = 0;
    },
    next() {
      while (at < waiting.length) if (isClosing(waiting[at++]!)) return before + at;
      return undefined;
    },
  };
}
