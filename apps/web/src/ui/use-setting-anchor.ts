import { useLocation } from "@tanstack/react-router";
import { useEffect, useRef, type RefObject } from "react";
import type { SettingId } from "../settings.ts";

/** How long a setting that an address names is marked. */
const markedMs = 2_400;

/** Makes an element the target of `#id`: it is scrolled to, focused and marked for a moment, also if its page loads after the navigation. */
export function useSettingAnchor<T extends HTMLElement>(
  id: SettingId | undefined,
): { ref: RefObject<T | null>; id?: SettingId; tabIndex?: -1; className?: string } {
  const ref = useRef<T>(null);
  // The key changes when the same address is opened again.
  const target = useLocation({ select: ({ hash, state }) => (id !== undefined && hash === id ? (state.key ?? id) : undefined) });
  useEffect(() => {
    const element = ref.current;
    if (target === undefined || !element) return undefined;
    element.scrollIntoView({ block: "center" });
    element.focus({ preventScroll: true });
    element.dataset["found"] = "";
    const timer = setTimeout(() => delete element.dataset["found"], markedMs);
    return () => {
      clearTimeout(timer);
      delete element.dataset["found"];
    };
  }, [target]);
  return id === undefined ? { ref } : { ref, id, tabIndex: -1, className: "setting-anchor" };
}
