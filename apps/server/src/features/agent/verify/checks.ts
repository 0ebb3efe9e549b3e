import type { Workspace, WorkspaceFiles } from "@tesslate/agent";
import type { CheckOutcome, CheckResult } from "@tesslate/contract";

/** A check of the project, found in its files. */
export interface Check {
  name: CheckResult["name"];
  /** Null in a project with one container. */
  container: string | null;
  directory: string;
  argv: string[];
}

const maxManifestBytes = 256 * 1024;
const outputChars = 4000;
const maxChecks = 20;

/** Usual script names of a check, most common first. */
const scripts: Record<Check["name"], readonly string[]> = {
  typecheck: ["typecheck", "type-check", "check-types", "types", "tsc"],
  lint: ["lint"],
  test: ["test"],
  build: ["build"],
};
const order = ["typecheck", "lint", "test", "build"] as const;
const locks = [
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
] as const;

/** Finds checks in each container's folder: package.json, pytest and ruff, go.mod. Runs nothing. */
export async function findChecks(files: WorkspaceFiles, containers: readonly { name: string; directory: string }[]): Promise<Check[]> {
  const directories = new Map(containers.map(({ name, directory }) => [directory, name]));
  if (directories.size === 0) directories.set(".", "");
  const isOnly = directories.size === 1;
  const found: Check[] = [];
  for (const [directory, name] of directories)
    for (const [check, argv] of await checksIn(files, directory))
      found.push({ name: check, container: isOnly ? null : name, directory, argv });
  return found.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name)).slice(0, maxChecks);
}

async function checksIn(files: WorkspaceFiles, directory: string): Promise<[Check["name"], string[]][]> {
  const at = (name: string) => (directory === "." ? name : `${directory}/${name}`);
  const has = async (name: string) => (await files.stat(at(name)).catch(() => undefined)) !== undefined;
  const text = async (name: string) =>
    files.read(at(name), { maxBytes: maxManifestBytes }).then(
      ({ data }) => new TextDecoder().decode(data),
      () => undefined,
    );
  const found: [Check["name"], string[]][] = [];
  const manifest = await text("package.json");
  if (manifest !== undefined) {
    let runner: string = "npm";
    for (const [lock, name] of locks) if (await has(lock)) runner = name;
    const own = scriptsOf(manifest);
    for (const check of order) {
      const script = scripts[check].find((name) => own[name] && !/no test specified/.test(own[name]));
      if (script) found.push([check, [runner, "run", script]]);
    }
    if (!found.some(([check]) => check === "typecheck") && (await has("tsconfig.json")) && (await has("node_modules/.bin/tsc")))
      found.push(["typecheck", ["node_modules/.bin/tsc", "--noEmit"]]);
  }
  const project = await text("pyproject.toml");
  const requirements = await text("requirements.txt");
  if (project !== undefined || requirements !== undefined) {
    const python = (await has(".venv/bin/python")) ? ".venv/bin/python" : "python3";
    if (/\bpytest\b/.test(`${project}\n${requirements}`) || (await has("pytest.ini")) || (await has("conftest.py")))
      found.push(["test", [python, "-m", "pytest", "-q"]]);
    if (/^\[tool\.ruff/m.test(project ?? "")) found.push(["lint", [python, "-m", "ruff", "check", "."]]);
  }
  if (await has("go.mod")) found.push(["typecheck", ["go", "vet", "./..."]], ["test", ["go", "test", "./..."]]);
  return found;
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

// oxlint-disable-next-line no-control-regex
const colours = /\u001b\[[0-9;?]*[A-Za-z]/g;

/** Runs a check as in CI, without watch mode and colours. Rejects only when the sandbox cannot run anything. */
export async function runCheck(
  workspace: Pick<Workspace, "exec">,
  { argv, directory }: Check,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<CheckOutcome> {
  const { exitCode, stdout, stderr, timedOut, durationMs } = await workspace.exec(argv, {
    cwd: directory,
    env: { CI: "1", NO_COLOR: "1", FORCE_COLOR: "0" },
    timeoutMs,
    signal,
    maxOutputBytes: 128 * 1024,
  });
  signal.throwIfAborted();
  const output = [stdout, stderr]
    .map((part) => part.replace(colours, "").trim())
    .filter(Boolean)
    .join("\n");
  return {
    status: timedOut ? "timed_out" : exitCode === 0 ? "passed" : "failed",
    exit_code: exitCode,
    duration_ms: Math.round(durationMs),
    output: output.length > outputChars ? `…${output.slice(-outputChars)}` : output,
  };
}

export const commandLine = ({ argv }: Check): string => argv.join(" ");
export const sameCheck = (a: Pick<CheckResult, "name" | "container">, b: Pick<CheckResult, "name" | "container">): boolean =>
  a.name === b.name && a.container === b.container;
