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
