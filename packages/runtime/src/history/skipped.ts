/** Folders whose content comes back with an install or a build step, never by hand: points leave them out. */
const reinstallable: ReadonlySet<string> = new Set([
  "node_modules",
  ".pnpm-store",
  ".venv",
  "__pycache__",
  ".pytest_cache",
  ".mypy_cache",
  ".ruff_cache",
  ".next",
  ".nuxt",
  ".svelte-kit",
  ".turbo",
  ".vite",
  ".parcel-cache",
  "lost+found",
]);
/** A Python environment under any name has this file. */
export const environmentMark = "pyvenv.cfg";

/** `dist` and `build` are not among them: people keep things of their own there. */
export const isReinstallable = (folder: string): boolean => reinstallable.has(folder);
