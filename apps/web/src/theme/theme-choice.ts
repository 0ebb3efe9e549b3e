import { useSyncExternalStore } from "react";
import type { Tokens } from "./tokens.ts";

export type ThemeMode = "system" | "light" | "dark";
interface AppliedTheme {
  id: string;
  name: string;
  tokens: Tokens;
}
/** What public/theme.js reads before the first paint. `light`/`dark` are absent while the built-in theme of that mode is chosen. */
export interface ThemeChoice {
  mode: ThemeMode;
  light?: AppliedTheme;
  dark?: AppliedTheme;
}

const storageKey = "tesslate.theme";
const listeners = new Set<() => void>();
const darkQuery = typeof matchMedia === "function" ? matchMedia("(prefers-color-scheme: dark)") : undefined;

function isMode(value: unknown): value is ThemeMode {
  return value === "system" || value === "light" || value === "dark";
}

/** Reads the stored choice; anything unreadable is the default. */
export function parseThemeChoice(text: string | null): ThemeChoice {
  try {
    const stored: unknown = JSON.parse(text ?? "");
    if (typeof stored !== "object" || stored === null) return { mode: "system" };
    const choice = stored as Partial<ThemeChoice>;
    return { ...choice, mode: isMode(choice.mode) ? choice.mode : "system" };
  } catch {
    return { mode: "system" };
  }
}

let current: ThemeChoice = typeof localStorage === "undefined" ? { mode: "system" } : parseThemeChoice(localStorage.getItem(storageKey));

export const isDarkNow = (choice: ThemeChoice = current): boolean =>
  choice.mode === "dark" || (choice.mode === "system" && darkQuery?.matches === true);

function apply(): void {
  const root = document.documentElement;
  const isDark = isDarkNow();
  root.dataset["theme"] = isDark ? "dark" : "light";
  root.style.cssText = "";
  const tokens = (isDark ? current.dark : current.light)?.tokens ?? {};
  for (const [name, value] of Object.entries(tokens)) root.style.setProperty(`--${name}`, value);
  const ground = getComputedStyle(root).getPropertyValue("--bg-0").trim();
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", ground);
  for (const listener of listeners) listener();
}

/** Changes, stores and applies the choice. Other tabs follow through the storage event. */
export function chooseTheme(change: Partial<ThemeChoice>): void {
  current = { ...current, ...change };
  localStorage.setItem(storageKey, JSON.stringify(current));
  apply();
}

darkQuery?.addEventListener("change", () => current.mode === "system" && apply());
if (typeof window !== "undefined")
  window.addEventListener("storage", (event) => {
    if (event.key !== storageKey) return;
    current = parseThemeChoice(event.newValue);
    apply();
  });

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** The choice, and whether it is dark right now; re-renders on change. Canvas-like widgets (terminal) redraw from it. */
export function useTheme(): { choice: ThemeChoice; isDark: boolean } {
  const choice = useSyncExternalStore(subscribe, () => current);
  const isDark = useSyncExternalStore(subscribe, () => isDarkNow());
  return { choice, isDark };
}
