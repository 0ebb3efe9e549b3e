const directories = new Set([
  "node_modules",
  "dist",
  "build",
  "out",
  "coverage",
  "target",
  "vendor",
  "__pycache__",
  ".next",
  ".nuxt",
  ".svelte-kit",
  ".output",
  ".turbo",
  ".cache",
  ".venv",
]);
const names = new Set([
  "package-lock.json",
  "npm-shrinkwrap.json",
  "yarn.lock",
  "pnpm-lock.yaml",
  "bun.lock",
  "bun.lockb",
  "deno.lock",
  "poetry.lock",
  "uv.lock",
  "Pipfile.lock",
  "Cargo.lock",
  "Gemfile.lock",
  "composer.lock",
  "go.sum",
]);
const endings = /\.(?:min\.(?:js|css)|map|tsbuildinfo|snap|pyc)$/;

/** Programs write the file, by its name: lock files, build output, source maps. People rarely read it. */
export function isGeneratedFile(path: string): boolean {
  const parts = path.split("/");
  const name = parts.at(-1) ?? "";
  return names.has(name) || endings.test(name) || parts.slice(0, -1).some((part) => directories.has(part));
}
