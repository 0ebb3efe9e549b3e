import { useCallback, useLayoutEffect, useRef } from "react";

/** A function that stays the same object for ever and always runs its newest version: for memoised children and long-lived effects. Not for use while rendering. */
export function useHandler<A extends unknown[], R>(handler: (...args: A) => R): (...args: A) => R {
  const latest = useRef(handler);
  useLayoutEffect(() => {
    latest.current = handler;
  });
  return useCallback((...args: A) => latest.current(...args), []);
}
