import type { Workspace, WorkspaceFiles } from "@tesslate/agent";
import type { CheckOutcome, CheckResult } from "@tesslate/contract";
import { findProjectTools } from "./project-tools.ts";

/** A check of the project, found in its files. */
export interface Check {
  name: CheckResult["name"];
  /** Null in a project with one container. */
  container: string | null;
  directory: string;
  argv: string[];
}

const outputChars = 4000;
const maxChecks = 20;

/** Usual script names of a check, most common first. */
const scriptNames: Record<Check["name"], readonly string[]> = {
  typecheck: ["typecheck", "type-check", "check-types", "types", "tsc"],
  lint: ["lint"],
  test: ["test"],
  build: ["build"],
};
const order = ["typecheck", "lint", "test", "build"] as const;
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
  const { scripts, typescript, python, isGo } = await findProjectTools(files, directory);
  const found: [Check["name"], string[]][] = [];
  for (const check of order) {
    const script = scriptNames[check].find((name) => scripts?.names[name] && !/no test specified/.test(scripts.names[name]));
    if (scripts && script) found.push([check, [scripts.runner, "run", script]]);
  }
  if (typescript?.argv && !found.some(([check]) => check === "typecheck"))
    for (const config of typescript.configs)
      found.push(["typecheck", [...typescript.argv, "--noEmit", ...(config === "tsconfig.json" ? [] : ["-p", config])]]);
  if (python?.usesPytest) found.push(["test", [...python.argv, "-m", "pytest", "-q"]]);
  if (python?.ruff) found.push(["lint", [...python.ruff, "check", "."]]);
  if (isGo) found.push(["typecheck", ["go", "vet", "./..."]], ["test", ["go", "test", "./..."]]);
  return found;
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
