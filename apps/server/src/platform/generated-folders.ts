/** Names of folders that an install or a build creates again, so copies of a project leave them out. */
export const generatedFolders: ReadonlySet<string> = new Set([
  "node_modules",
  "__pycache__",
  ".venv",
  "venv",
  ".next",
  ".cache",
  ".turbo",
  "coverage",
  ".nyc_output",
  "lost+found",
]);
