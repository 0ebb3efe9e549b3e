import { useEffect, type RefObject } from "react";
import { useHandler } from "./use-handler.ts";

/** Handles keys that are pressed inside an element, which need not be a control itself. */
export function useKeyListener(frame: RefObject<HTMLElement | null>, onKey: (event: KeyboardEvent) => void): void {
  const handler = useHandler(onKey);
  useEffect(() => {
    const element = frame.current;
    element?.addEventListener("keydown", handler);
    return () => element?.removeEventListener("keydown", handler);
  }, [frame, handler]);
}
