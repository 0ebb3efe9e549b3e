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
  "workbench.preview": { label: "Show the preview", scope: "Workbench", keys: ["g 1"] },
  "workbench.code": { label: "Show the code", scope: "Workbench", keys: ["g 2"] },
  "workbench.board": { label: "Show the board", scope: "Workbench", keys: ["g 5"] },
  "workbench.settings": { label: "Show the project's settings", scope: "Workbench", keys: ["g 8"] },
  "workbench.region": { label: "Next region", scope: "Workbench", keys: ["F6"] },
  "chat.fold": { label: "Fold the conversation", scope: "Workbench", keys: ["$mod+KeyB"] },
  "chat.stop": { label: "Stop the run", scope: "Workbench", keys: ["$mod+Period"] },
  "chat.previous": { label: "Previous message", scope: "Workbench", keys: ["Alt+ArrowUp"] },
  "chat.next": { label: "Next message", scope: "Workbench", keys: ["Alt+ArrowDown"] },
  "dock.toggle": { label: "Show or hide the dock", scope: "Workbench", keys: ["$mod+KeyJ"] },
  "terminal.toggle": { label: "Show or hide the terminal", scope: "Workbench", keys: ["Control+Backquote"] },
  "files.open": { label: "Open a file", scope: "Workbench", keys: ["$mod+KeyP"] },
  "approval.once": { label: "Allow once", scope: "Approval", keys: ["y"] },
  "approval.thread": { label: "Allow for this thread", scope: "Approval", keys: ["a"] },
  "approval.deny": { label: "Deny", scope: "Approval", keys: ["n"] },
  "preview.reload": { label: "Reload the preview", scope: "Preview toolbar", keys: ["r"] },
  "preview.device": { label: "Next device size", scope: "Preview toolbar", keys: ["d"] },
  "preview.back": { label: "Back in the preview", scope: "Preview toolbar", keys: ["Alt+ArrowLeft"] },
  "preview.forward": { label: "Forward in the preview", scope: "Preview toolbar", keys: ["Alt+ArrowRight"] },
  "tree.rename": { label: "Rename", scope: "File tree", keys: ["F2"] },
  "tree.delete": { label: "Delete", scope: "File tree", keys: ["Delete"] },
  "board.search": { label: "Search the cards", scope: "Board", keys: ["/"] },
  "board.new": { label: "New card in this column", scope: "Board", keys: ["n"] },
  "board.menu": { label: "Move the card to …", scope: "Board", keys: ["m"] },
  "board.up": { label: "Move the card up", scope: "Board", keys: ["Shift+ArrowUp"] },
  "board.down": { label: "Move the card down", scope: "Board", keys: ["Shift+ArrowDown"] },
  "board.left": { label: "Move the card to the column on the left", scope: "Board", keys: ["Shift+ArrowLeft"] },
  "board.right": { label: "Move the card to the column on the right", scope: "Board", keys: ["Shift+ArrowRight"] },
  "board.delete": { label: "Delete the card", scope: "Board", keys: ["Delete"] },
  "terminal.find": { label: "Find in the terminal", scope: "Terminal", keys: ["Control+KeyF"] },
});
export type ShortcutId = keyof typeof shortcuts;
