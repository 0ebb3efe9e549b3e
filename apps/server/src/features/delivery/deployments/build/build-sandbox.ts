import { generatedFolders, type FrameworkId } from "@tesslate/contract";
import type { ExecResult, ImageId, RuntimeDriver, Sandbox } from "@tesslate/runtime";
import { copyTree } from "../../../source/transfer/index.ts";
import { warningsIn } from "./build-warnings.ts";
import { findErrorLocation, StepError, summarizeErrors } from "./build-errors.ts";
import { readTextFile, frameworkRules, joinPath, type PackageFile } from "./framework.ts";

/** Distinguishes build sandboxes from project sandboxes, whose ids are project ids. */
const prefix = "deploy-";
export const buildSandboxId = (deploymentId: string): string => `${prefix}${deploymentId}`;
export const deploymentOfSandbox = (sandboxId: string): string | undefined =>
  sandboxId.startsWith(prefix) ? sandboxId.slice(prefix.length) : undefined;

/** Limit for installing and building together. */
const buildMs = 300_000;
const skippedNames: ReadonlySet<string> = new Set([...generatedFolders, ".git"]);
const imageBuildOutput = [".next", ".cache", ".turbo"];

export interface BuildInput {
  framework: FrameworkId;
  package?: PackageFile | undefined;
  /** The container's folder. */
  directory: string;
  /** The build command from package.json, or null when there is nothing to build. */
  command: string | null;
}
interface Listener {
  line(text: string): void;
  chunk(text: string): void;
}

export type BuildSandboxes = ReturnType<typeof createBuildSandboxes>;
/** Builds run in a sandbox of their own that holds a copy of the tree and cannot reach the project's containers. */
export function createBuildSandboxes({ runtime }: { runtime: Pick<RuntimeDriver, "open" | "find" | "remove"> }) {
  return {
    /** Opens the sandbox with a fresh copy of the tree and removes what an earlier attempt left. `image`: preinstalled dependencies. */
    open: async (
      deploymentId: string,
      from: Sandbox,
      options: { image: ImageId | undefined; diskBytes: number; signal: AbortSignal },
    ): Promise<Sandbox> => {
      const id = buildSandboxId(deploymentId);
      await runtime.remove(id);
      const { image, diskBytes, signal } = options;
      const sandbox = await runtime.open({ id, ...(image !== undefined && { image }), limits: { diskBytes } });
      // Keep only the image's packages, not its build output.
      for (const name of imageBuildOutput) if (await sandbox.files.stat(name)) await sandbox.files.remove(name, { recursive: true });
      await copyTree(from.files, sandbox.files, { skip: skippedNames, signal });
      return sandbox;
    },
    find: (deploymentId: string) => runtime.find(buildSandboxId(deploymentId)),
    remove: (deploymentId: string): Promise<void> => runtime.remove(buildSandboxId(deploymentId)),
  };
}

/** Installs dependencies and builds, within five minutes in total. Throws `StepError` with the output of the command that failed. */
export async function build(
  sandbox: Sandbox,
  settings: BuildInput,
  {
    env,
    log,
    signal,
    onStep,
  }: { env: Record<string, string>; log: Listener; signal: AbortSignal; onStep: (step: "install" | "build") => Promise<void> },
): Promise<{ warnings: string[] }> {
  const deadline = Date.now() + buildMs;
  const run = async (step: "install" | "build", argv: string[], given: Record<string, string>) => {
    const left = deadline - Date.now();
    log.line(`$ ${argv[0] === "/bin/sh" ? argv[2] : argv.join(" ")}`);
    let output = "";
    const result = await sandbox.exec(argv, {
      cwd: settings.directory,
      env: given,
      timeoutMs: Math.max(1, left),
      signal,
      onOutput: (chunk) => {
        output = (output + chunk).slice(-64 * 1024);
        log.chunk(chunk);
      },
    });
    signal.throwIfAborted();
    throwOnFailure(step, result, output);
    return output;
  };
  const install = await installCommandsFor(sandbox, settings);
  if (install.argvs.length > 0) {
    await onStep("install");
    for (const argv of install.argvs) await run("install", argv, pick(env, install.variables));
  }
  if (settings.command === null) return { warnings: [] };
  await onStep("build");
  const output = await run("build", ["/bin/sh", "-c", settings.command], { NEXT_TELEMETRY_DISABLED: "1", ...env });
  return { warnings: warningsIn(output) };
}

function throwOnFailure(step: "install" | "build", { exitCode, timedOut, signal: killedBy }: ExecResult, output: string): void {
  if (exitCode === 0 && !timedOut) return;
  const name = step === "install" ? "The installation" : "The build";
  if (timedOut) throw new StepError(step, `${name} exceeded the time limit of ${buildMs / 1000} s.`);
  const lines = output.split(/\r?\n/);
  const reason = summarizeErrors(lines);
  const how =
    exitCode === null
      ? `was killed by ${killedBy ?? "the system"}, possibly because it ran out of memory`
      : `failed with exit code ${exitCode}`;
  throw new StepError(step, `${name} ${how}${reason === "" ? "." : `: ${reason}`}`, findErrorLocation(lines));
}

const pick = (env: Record<string, string>, names: ReadonlySet<string>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter(([name]) => names.has(name)));

/** The commands that install dependencies. Only variables named in .npmrc are passed, because packages run third-party code. */
async function installCommandsFor(
  sandbox: Sandbox,
  { directory, framework, package: manifest }: BuildInput,
): Promise<{ argvs: string[][]; variables: Set<string> }> {
  const has = async (name: string) => (await sandbox.files.stat(joinPath(directory, name))) !== undefined;
  const argvs: string[][] = [];
  if (manifest && Object.keys(manifest.dependencies).length > 0) {
    if ((await has("bun.lock")) || (await has("bun.lockb"))) argvs.push(["bun", "install", "--frozen-lockfile"]);
    else if (await has("pnpm-lock.yaml")) argvs.push(["pnpm", "install", "--frozen-lockfile"]);
    else if (await has("yarn.lock")) argvs.push(["yarn", "install", "--frozen-lockfile"]);
    // With packages from the image, update instead of a clean install.
    else if ((await has("package-lock.json")) && !(await has("node_modules"))) argvs.push(["npm", "ci", "--prefer-offline", "--no-audit"]);
    else argvs.push(["npm", "install", "--prefer-offline", "--no-audit"]);
  }
  if (framework === "python") {
    if (!(await has(".venv/bin/python"))) argvs.push(["python3", "-m", "venv", ".venv"]);
    if (await has("requirements.txt"))
      argvs.push([".venv/bin/python", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-r", "requirements.txt"]);
  }
  const npmrc = (await readTextFile(sandbox.files, joinPath(directory, ".npmrc"))) ?? "";
  return { argvs, variables: new Set([...npmrc.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name ?? "")) };
}

/** The build command of a framework, from package.json's scripts. Throws `StepError` when the required script is missing. */
export function buildCommandFor(framework: FrameworkId, manifest: PackageFile | undefined, isStaticSite: boolean): string | null {
  const { script } = frameworkRules(framework);
  if (framework === "go") return "go build -o main .";
  const scripts = manifest?.scripts ?? {};
  if (framework === "nuxt" && isStaticSite && typeof scripts["generate"] === "string") return "npm run generate";
  if (script === null) return framework === "node" && typeof scripts["build"] === "string" ? "npm run build" : null;
  if (typeof scripts[script] === "string") return `npm run ${script}`;
  if (framework === "unknown") return null;
  throw new StepError("prepare", `package.json has no script "${script}" to build this app.`, {
    path: "package.json",
    line: null,
  });
}
