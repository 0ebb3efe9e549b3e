/** Runs everything that a bundled template promises, in a sandbox of its prepared image. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fetchPort, forwardPort, sandboxPort, type Sandbox } from "@tesslate/runtime";
import type { BundledTemplate } from "../../apps/server/src/features/projects/projects/templates.ts";
import type { Machine } from "../../evals/src/machine.ts";
import { startApp } from "../../evals/src/judge-app.ts";
import { licenseProblems, licensesOfLockfile, licensesOfPython, pythonLicenses, type PackageLicense } from "./licenses.ts";
import { checkFirstPage, type Browser } from "./pages.ts";

const commandMs = 10 * 60_000;
const keptOutput = 4000;

export interface Step {
  name: string;
  status: "passed" | "failed" | "skipped";
  seconds: number;
  /** Why it failed or was skipped. */
  detail?: string;
}

export interface TemplateReport {
  slug: string;
  steps: Step[];
  /** Size of the prepared image in MB, and its number of files. */
  megabytes: number;
  files: number;
  /** Milliseconds to create a project's folder from the image, and from the start of the server to its first response. */
  copyMs: number;
  responseMs: number;
}

/** Checks of a folder with a `package.json`: name of the step and script. */
const scripts = [
  ["types", "typecheck"],
  ["lint", "lint"],
  ["tests", "test"],
  ["build", "build"],
] as const;

const nothingToStart = "The template has no start command.";

/** `browser`: undefined if this machine has no Chromium. */
export async function checkTemplate(
  machine: Machine,
  template: BundledTemplate,
  { browser, signal, onStep }: { browser: Browser | undefined; signal: AbortSignal; onStep: (step: Step) => void },
): Promise<TemplateReport> {
  const { slug } = template.api;
  const report: TemplateReport = { slug, steps: [], megabytes: 0, files: 0, copyMs: 0, responseMs: 0 };
  /** Resolves with whether it passed. */
  const step = async (name: string, work: () => Promise<string | void>): Promise<boolean> => {
    const started = performance.now();
    const result = await work().then(
      (skipped): Omit<Step, "name" | "seconds"> => (typeof skipped === "string" ? { status: "skipped", detail: skipped } : { status: "passed" }),
      (error: unknown) => ({ status: "failed" as const, detail: error instanceof Error ? error.message : String(error) }),
    );
    signal.throwIfAborted();
    const done = { name, seconds: (performance.now() - started) / 1000, ...result };
    report.steps.push(done);
    onStep(done);
    return done.status !== "failed";
  };

  let image = "";
  if (!(await step("install", async () => void ({ image } = await machine.prepare(slug, signal))))) return report;

  const copying = performance.now();
  await using project = await machine.open(slug, image);
  const { sandbox } = project;
  report.copyMs = performance.now() - copying;
  Object.assign(report, await measureFolder(sandbox, signal));

  // First, as in a new project: nothing but the image's own caches is there.
  await step("start", async () => {
    const started = performance.now();
    const { command, port } = template.service;
    if (command === null) return nothingToStart;
    const app = sandboxPort(sandbox, await startApp(sandbox, { command, port }, signal));
    const response = await fetchPort(app, "/", { signal });
    await response.arrayBuffer();
    report.responseMs = performance.now() - started;
    if (response.status >= 400) throw new Error(`The first page responded with ${response.status}.`);
  });
  await step("first page", async () => {
    if (template.service.command === null) return nothingToStart;
    if (template.containers.length > 0) return "The page needs the template's other containers. The journey of the template opens it.";
    if (!browser) return "No Chromium found. Install one, or set CHROMIUM_PATH.";
    await using app = await forwardPort(sandboxPort(sandbox, template.service.port));
    return await checkFirstPage(browser, `${app.url}/`);
  });
  // Next.js keeps one lock for its development server and its build.
  await sandbox.stop("app");

  const source = template.folder;
  const exclude = ["**/node_modules/**", "**/.venv/**"];
  for (const file of globSync("**/package.json", { cwd: source, exclude })) {
    const folder = dirname(file);
    const { scripts: present = {} } = JSON.parse(readFileSync(join(source, file), "utf8")) as { scripts?: Record<string, string> };
    for (const [name, script] of scripts)
      if (script in present) await step(labelled(name, folder), () => execute(sandbox, ["npm", "run", "--silent", script], folder, signal));
    await step(labelled("licenses", folder), async () =>
      rejectLicenses(licensesOfLockfile(readFileSync(join(source, folder, "package-lock.json"), "utf8"))),
    );
  }
  for (const file of globSync("**/requirements.txt", { cwd: source, exclude })) {
    const folder = dirname(file);
    const python = existsSync(join(source, folder, "app")) ? "app" : ".";
    await step(labelled("types", folder), () => execute(sandbox, [".venv/bin/python", "-m", "compileall", "-q", python], folder, signal));
    for (const [name, tool, argv] of pythonTools)
      if (await has(sandbox, join(folder, ".venv/bin", tool)))
        await step(labelled(name, folder), () => execute(sandbox, [`.venv/bin/${tool}`, ...argv], folder, signal));
    await step(labelled("licenses", folder), async () => {
      const { stdout } = await sandbox.exec([".venv/bin/python", "-c", pythonLicenses], { cwd: folder, timeoutMs: commandMs, signal });
      rejectLicenses(licensesOfPython(stdout));
    });
  }
  return report;
}

/** Run where the template installs them: step, program, arguments. */
const pythonTools: [string, string, string[]][] = [
  ["lint", "ruff", ["check", "."]],
  ["types", "mypy", ["."]],
  ["types", "pyright", []],
  ["tests", "pytest", ["-q"]],
];

const labelled = (name: string, folder: string): string => (folder === "." ? name : `${name} of ${folder}`);

const has = (sandbox: Sandbox, path: string): Promise<boolean> =>
  sandbox.files.stat(path).then(
    (entry) => entry !== undefined,
    () => false,
  );

function rejectLicenses(packages: PackageLicense[]): void {
  const problems = licenseProblems(packages);
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

async function execute(sandbox: Sandbox, argv: string[], folder: string, signal: AbortSignal): Promise<void> {
  const { exitCode, stdout, stderr, timedOut } = await sandbox.exec(argv, { cwd: folder, timeoutMs: commandMs, signal, env: { CI: "1" } });
  if (timedOut) throw new Error(`${argv.join(" ")} took longer than ${commandMs / 60_000} minutes.`);
  if (exitCode !== 0) throw new Error(`${argv.join(" ")} exited with ${exitCode ?? "a signal"}.\n${`${stdout}\n${stderr}`.slice(-keptOutput)}`);
}

async function measureFolder(sandbox: Sandbox, signal: AbortSignal): Promise<{ megabytes: number; files: number }> {
  const size = await sandbox.exec(["du", "-sm", "."], { timeoutMs: 60_000, signal });
  const files = await sandbox.exec(["find", ".", "-type", "f", "-printf", "."], { timeoutMs: 60_000, signal, maxOutputBytes: 1_000_000 });
  return { megabytes: Number.parseInt(size.stdout, 10), files: files.stdout.length };
}

/** One line for each template. */
export function reportTable(reports: readonly TemplateReport[]): string[] {
  const head = ["template", "result", "steps", "seconds", "image", "files", "copy", "start"];
  const rows = reports.map(({ slug, steps, megabytes, files, copyMs, responseMs }) => {
    const failed = steps.filter(({ status }) => status === "failed").length;
    const skipped = steps.filter(({ status }) => status === "skipped").length;
    return [
      slug,
      failed > 0 ? `${failed} failed` : skipped > 0 ? `ok, ${skipped} skipped` : "ok",
      String(steps.length),
      steps.reduce((sum, { seconds }) => sum + seconds, 0).toFixed(0),
      `${megabytes} MB`,
      files.toLocaleString("en"),
      `${copyMs.toFixed(0)} ms`,
      `${responseMs.toFixed(0)} ms`,
    ];
  });
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  return [head, ...rows].map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
}
