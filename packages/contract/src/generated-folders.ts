/**
 * Names of folders that an install or a build creates again. Copies of a project, builds and imports leave them out at any depth, so
 * names that people also give to folders of their own (`dist`, `build`, `coverage`) are not here.
 */
export const generatedFolders: ReadonlySet<string> = new Set([
  "node_modules",
  "__pycache__",
  ".venv",
  "venv",
  ".next",
  ".cache",
  ".turbo",
  ".nyc_output",
  "lost+found",
]);

/** What an imported archive or folder is stripped of at any depth: generated folders, and what version control and desktops put beside the files. */
export const importSkips: ReadonlySet<string> = new Set([...generatedFolders, ".git", "__MACOSX", ".DS_Store", "Thumbs.db"]);
