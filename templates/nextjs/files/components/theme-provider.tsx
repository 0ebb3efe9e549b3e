"use client";

import { createContext, use, useEffect, useMemo, useSyncExternalStore, type ReactNode } from "react";

type Theme = "light" | "dark" | "system";

interface ThemeContext {
  /** What the visitor chose; "system" until they choose. */
  theme: Theme;
  /** What is shown. */
  resolvedTheme: "light" | "dark";
  setTheme: (theme: Theme) => void;
}

const storageKey = "theme";
const Context = createContext<ThemeContext | null>(null);

const darkQuery = "(prefers-color-scheme: dark)";
function subscribeToSystem(onChange: () => void) {
  const media = window.matchMedia(darkQuery);
  media.addEventListener("change", onChange);
  return () => media.removeEventListener("change", onChange);
}

let fallback: Theme = "system";
const listeners = new Set<() => void>();

/** The choice is kept in memory where storage is refused, as in some frames and private windows. */
function readTheme(): Theme {
  try {
    const stored = localStorage.getItem(storageKey);
    return stored === "light" || stored === "dark" ? stored : "system";
  } catch {
    return fallback;
  }
}

function setTheme(theme: Theme) {
  fallback = theme;
  try {
    localStorage.setItem(storageKey, theme);
  } catch {
    // The choice holds until the page is left.
  }
  for (const listener of listeners) listener();
}

/** Other tabs of the app follow as well. */
function subscribeToTheme(onChange: () => void) {
  listeners.add(onChange);
  window.addEventListener("storage", onChange);
  return () => {
    listeners.delete(onChange);
    window.removeEventListener("storage", onChange);
  };
}

/** Keeps the class `dark` of the page. A script in the page's head sets it before the first paint. */
export function ThemeProvider({ children }: { children: ReactNode }) {
  const theme = useSyncExternalStore(subscribeToTheme, readTheme, () => "system" as const);
  const isSystemDark = useSyncExternalStore(
    subscribeToSystem,
    () => window.matchMedia(darkQuery).matches,
    () => false,
  );
  const resolvedTheme = theme === "system" ? (isSystemDark ? "dark" : "light") : theme;

  useEffect(() => {
    document.documentElement.classList.toggle("dark", resolvedTheme === "dark");
    document.documentElement.style.colorScheme = resolvedTheme;
  }, [resolvedTheme]);

  const value = useMemo(() => ({ theme, resolvedTheme, setTheme }) satisfies ThemeContext, [theme, resolvedTheme]);
  return <Context value={value}>{children}</Context>;
}

export function useTheme(): ThemeContext {
  const context = use(Context);
  if (!context) throw new Error("useTheme must be used inside <ThemeProvider>");
  return context;
}
