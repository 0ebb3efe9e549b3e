import { useState } from "react";
import { readStored, writeStored } from "./storage.ts";

/**
 * What somebody is writing, kept in this browser until it is sent: neither a closed sheet nor a reload, a closed tab or a failed send loses
 * it. The key names the person, so that the next one at this browser does not see it. `forget` takes what was sent: what was written since
 * then stays, and it counts even when whoever showed it is gone by then.
 */
export function useKept<T>(
  key: string,
  isValid: (value: unknown) => value is T,
  empty: T,
): { value: T; write: (next: T) => void; forget: (sent: T) => void } {
  const [value, setValue] = useState(() => readStored(localStorage, key, isValid) ?? empty);
  return {
    value,
    write: (next) => {
      setValue(next);
      writeStored(localStorage, key, next);
    },
    forget: (sent) => {
      const isSent = (text: T | undefined) => JSON.stringify(text) === JSON.stringify(sent);
      if (isSent(readStored(localStorage, key, isValid))) writeStored(localStorage, key, undefined);
      setValue((now) => (isSent(now) ? empty : now));
    },
  };
}
