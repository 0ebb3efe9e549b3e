/** Folders with generated content, which listings name but do not enter. */
export const skippedFolders: ReadonlySet<string> = new Set([
  ".git",
  "node_modules",
  ".next",
  ".nuxt",
  ".svelte-kit",
  ".turbo",
  ".cache",
  ".vite",
  "dist",
  "build",
  "coverage",
  "__pycache__",
  ".venv",
  "venv",
  ".pytest_cache",
]);
