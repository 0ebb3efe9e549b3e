import type { Shortcut } from "./lib/shortcut-keys.ts";

const define = <const T extends Record<string, Shortcut>>(table: T): Record<keyof T, Shortcut> => table;

/**
 * Every shortcut of the product: id → label, scope, keys. Handlers are bound with `useShortcuts`; the help sheet, palette hints and
 * tooltips are made from this table, and shortcuts.test.ts fails on duplicate, reserved or unbound entries.
 */
export const shortcuts = define({
  "palette.open": { label: "Find or do anything", scope: "Everywhere", keys: ["$mod+KeyK"] },
  "help.open": { label: "Keyboard shortcuts", scope: "Everywhere", keys: ["[Shift]+?"] },
  "settings.open": { label: "Settings", scope: "Everywhere", keys: ["$mod+Comma"] },
  "go.home": { label: "Go to Home", scope: "Everywhere", keys: ["g h"] },
  "go.projects": { label: "Go to Projects", scope: "Everywhere", keys: ["g p"] },
  "go.settings": { label: "Go to Settings", scope: "Everywhere", keys: ["g s"] },
  "theme.toggle": { label: "Light or dark", scope: "Everywhere", keys: ["g t"] },
  "home.prompt": { label: "Write a prompt", scope: "Home", keys: ["/"] },
  "projects.search": { label: "Search projects", scope: "Projects", keys: ["/"] },
});
export type ShortcutId = keyof typeof shortcuts;
