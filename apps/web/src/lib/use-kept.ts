import { useState } from "react";
import { readStored, writeStored } from "./storage.ts";

/**
 * What somebody is writing, kept in the tab until it is sent: neither a closed sheet nor a reload nor a failed send loses it. `forget` takes
 * what was sent: what was written since then stays, and it counts even when whoever showed it is gone by then.
 */
export function useKept<T>(
  key: string,
  isValid: (value: unknown) => value is T,
  empty: T,
): { value: T; write: (next: T) => void; forget: (sent: T) => void } {
  const [value, setValue] = useState(() => readStored(sessionStorage, key, isValid) ?? empty);
  return {
    value,
    write: (next) => {
      setValue(next);
      writeStored(sessionStorage, key, next);
    },
    forget: (sent) => {
      const isSent = (text: T | undefined) => JSON.stringify(text) === JSON.stringify(sent);
      if (isSent(readStored(sessionStorage, key, isValid))) writeStored(sessionStorage, key, undefined);
      setValue((now) => (isSent(now) ? empty : now));
    },
  };
}
