import { useSyncExternalStore } from "react";
import type { Tokens } from "./tokens.ts";

export type ThemeMode = "system" | "light" | "dark";
export interface AppliedTheme {
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

/** The theme that is previewed or edited; never stored. */
let previewed: { isDark: boolean; tokens: Tokens } | undefined;
let current: ThemeChoice = typeof localStorage === "undefined" ? { mode: "system" } : parseThemeChoice(localStorage.getItem(storageKey));

export const isDarkNow = (choice: ThemeChoice = current): boolean => previewed?.isDark ?? isDarkOf(choice);
const isDarkOf = (choice: ThemeChoice): boolean => choice.mode === "dark" || (choice.mode === "system" && darkQuery?.matches === true);

function apply(): void {
  const root = document.documentElement;
  const isDark = isDarkNow();
  root.dataset["theme"] = isDark ? "dark" : "light";
  root.style.cssText = "";
  const tokens = previewed?.tokens ?? (isDark ? current.dark : current.light)?.tokens ?? {};
  for (const [name, value] of Object.entries(tokens)) root.style.setProperty(`--${name}`, value);
  const ground = getComputedStyle(root).getPropertyValue("--bg-0").trim();
  document.querySelector('meta[name="theme-color"]')?.setAttribute("content", ground);
  for (const listener of listeners) listener();
}

/** Here, now or before; what was taken over from another browser does not count. */
let hasChosen = typeof localStorage === "undefined" || localStorage.getItem(storageKey) !== null;
const chosen = new Set<(mode: ThemeMode) => void>();
/** Called when a person chooses a mode here; for whoever keeps it elsewhere too. Returns the unsubscribe function. */
export function onModeChosen(listener: (mode: ThemeMode) => void): () => void {
  chosen.add(listener);
  return () => void chosen.delete(listener);
}

interface ThemeChange {
  mode?: ThemeMode;
  light?: AppliedTheme | undefined;
  dark?: AppliedTheme | undefined;
}
/** Changes, stores and applies the choice; `undefined` for a mode is its built-in theme. Other tabs follow through the storage event. */
export function chooseTheme(change: ThemeChange): void {
  const before = current.mode;
  hasChosen = true;
  adoptTheme(change);
  if (current.mode !== before) for (const listener of chosen) listener(current.mode);
}
/** The same for a choice that was made in another browser. */
export function adoptTheme(change: ThemeChange): void {
  previewed = undefined;
  const { light, dark, mode } = { ...current, ...change };
  current = { mode, ...(light && { light }), ...(dark && { dark }) };
  localStorage.setItem(storageKey, JSON.stringify(current));
  apply();
}
export const currentMode = (): ThemeMode => current.mode;

/** Shows a look without choosing it; nothing given: back to the choice. */
export function previewTheme(look?: { isDark: boolean; tokens: Tokens }): void {
  if (previewed === look) return;
  previewed = look;
  apply();
}
/** As chosen, whatever is previewed at the moment. */
export const isDarkChosen = (): boolean => isDarkOf(current);
/** Nothing was ever chosen in this browser. */
export const isUnchosen = (): boolean => !hasChosen;

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
