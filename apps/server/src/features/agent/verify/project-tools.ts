import type { WorkspaceFiles } from "@tesslate/agent";

const maxManifestBytes = 256 * 1024;
const maxTypeScriptProjects = 4;
const locks = [
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
] as const;
const eslintConfigs = ["eslint.config.js", "eslint.config.mjs", "eslint.config.cjs", "eslint.config.ts", ".eslintrc.json", ".eslintrc.cjs"];

/** The programs that check the code of one folder, found in its files. Paths are relative to the folder; `argv` is undefined if a program is not installed. */
export interface ProjectTools {
  directory: string;
  /** Scripts of `package.json` with the package manager that runs them. */
  scripts?: { names: Record<string, string>; runner: string };
  /** TypeScript, with the configurations to check: those that a solution file refers to, otherwise `tsconfig.json`. */
  typescript?: { argv: string[] | undefined; configs: string[] };
  eslint?: { argv: string[] | undefined };
  oxlint?: { argv: string[] | undefined };
  python?: { argv: string[]; usesPytest: boolean; ruff: string[] | undefined; pyright: string[] | undefined };
  isGo: boolean;
}

/** Looks for `package.json`, `tsconfig.json`, ESLint, oxlint, Python with pytest, ruff and pyright, and `go.mod`. Runs nothing. */
export async function findProjectTools(files: WorkspaceFiles, directory: string): Promise<ProjectTools> {
  const at = (name: string) => (directory === "." ? name : `${directory}/${name}`);
  const has = async (name: string) => (await files.stat(at(name)).catch(() => undefined)) !== undefined;
  const hasOneOf = async (names: readonly string[]) => (await Promise.all(names.map(has))).includes(true);
  const text = async (name: string) =>
    files.read(at(name), { maxBytes: maxManifestBytes }).then(
      ({ data }) => new TextDecoder().decode(data),
      () => undefined,
    );
  const installed = async (path: string) => ((await has(path)) ? [path] : undefined);
  const [manifest, tsconfig, pyproject, requirements] = await Promise.all(
    ["package.json", "tsconfig.json", "pyproject.toml", "requirements.txt"].map(text),
  );
  const found: ProjectTools = { directory, isGo: await has("go.mod") };
  if (manifest !== undefined) {
    let runner: string = "npm";
    for (const [lock, name] of locks) if (await has(lock)) runner = name;
    found.scripts = { names: scriptsOf(manifest), runner };
    if (tsconfig !== undefined) found.typescript = { argv: await installed("node_modules/.bin/tsc"), configs: typeScriptConfigs(tsconfig) };
    if (await hasOneOf(eslintConfigs)) found.eslint = { argv: await installed("node_modules/.bin/eslint") };
    if (/"oxlint"\s*:/.test(manifest) || (await has(".oxlintrc.json")))
      found.oxlint = { argv: await installed("node_modules/.bin/oxlint") };
  }
  if (pyproject !== undefined || requirements !== undefined) {
    const argv = [(await has(".venv/bin/python")) ? ".venv/bin/python" : "python3"];
    const usesPytest = /\bpytest\b/.test(`${pyproject}\n${requirements}`) || (await has("pytest.ini")) || (await has("conftest.py"));
    const usesRuff = /^\[tool\.ruff/m.test(pyproject ?? "") || (await has(".venv/bin/ruff"));
    const pyright = (await installed(".venv/bin/pyright")) ?? (await installed("node_modules/.bin/pyright"));
    found.python = { argv, usesPytest, ruff: usesRuff ? [...argv, "-m", "ruff"] : undefined, pyright };
  }
  return found;
}

/** A solution file has no files of its own and refers to the configurations that have. Read as text, because it may have comments. */
function typeScriptConfigs(tsconfig: string): string[] {
  if (!/"files"\s*:\s*\[\s*\]/.test(tsconfig)) return ["tsconfig.json"];
  const references = [...tsconfig.matchAll(/"path"\s*:\s*"([^"]+)"/g)].map((match) => match[1]!.replace(/^\.\//, ""));
  return references.length === 0 ? ["tsconfig.json"] : references.slice(0, maxTypeScriptProjects);
}

function scriptsOf(manifest: string): Record<string, string> {
  try {
    const value: unknown = JSON.parse(manifest);
    const own: unknown = typeof value === "object" && value !== null && "scripts" in value ? value.scripts : undefined;
    return typeof own === "object" && own !== null ? (own as Record<string, string>) : {};
  } catch {
    return {};
  }
}
