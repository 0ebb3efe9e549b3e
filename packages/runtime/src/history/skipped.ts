/** Folders that an install or a build recreates; points omit them. */
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
/** Present in every Python virtual environment. */
export const environmentMark = "pyvenv.cfg";

/** `dist` and `build` are not included, because they may hold hand-written files. */
export const isReinstallable = (folder: string): boolean => reinstallable.has(folder);
