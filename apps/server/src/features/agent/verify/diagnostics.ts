import { posix } from "node:path";
import type { FileChange, Workspace, WorkspaceExecResult } from "@tesslate/agent";
import {
  parseEslint,
  parseOxlint,
  parsePyCompile,
  parsePyright,
  parseRuff,
  parseTsc,
  type Problem,
  type ProblemParser,
} from "./diagnostics.parsers.ts";
import type { ToolDiagnostics } from "../runs/index.ts";
import { findProjectTools, type ProjectTools } from "./project-tools.ts";

/** How long a step waits for its diagnostics. */
const checkMs = 10_000;
/** The state before the run is read in the background. */
const baselineMs = 60_000;
const maxProblems = 20;
const maxMessageChars = 300;
/** Of what a checker prints when it cannot run. */
const maxFailureChars = 300;
const maxOutputBytes = 2 * 1024 * 1024;
/** A checker that does not finish in time so often is left out for the rest of the run. */
const maxTimeouts = 2;

/** One program that finds problems in files. */
interface Checker {
  name: string;
  directory: string;
  handles(path: string): boolean;
  /** Checks everything, or only these files where the program can. */
  argvFor(files: readonly string[] | undefined): string[];
  /** It cannot check single files, so that problems in other files count too. */
  isWhole: boolean;
  parse: ProblemParser;
}

/** What a checker found. `failed`: it could not check, for example because its configuration is broken. */
type Outcome =
  | { status: "checked"; problems: Problem[] }
  | { status: "timed_out" | "aborted" }
  /** `reason`: what it printed, shortened. Untrusted text. */
  | { status: "failed"; reason: string };

interface CheckerState {
  checker: Checker;
  /** How often each problem occurred before the run. Undefined: not known. */
  baseline: Promise<Map<string, number> | undefined>;
  /** What the model knows and has not fixed. */
  told: Problem[];
  timeouts: number;
  /** Why it could not run, if the model knows; not repeated until it runs again or fails for another reason. */
  failure?: string;
}

/**
 * Finds the problems that a run adds, with the tools of the project: new ones only, each once. Checkers that are not installed, take too long or cannot
 * run are named. `begin` reads the state before the run in the background, `check` resolves within 10 s. `directories`: the folders of the project's
 * containers. `workspace` redacts what programs print.
 */
export function createDiagnostics(
  workspace: Pick<Workspace, "exec" | "files">,
  directories: readonly string[],
  signal: AbortSignal,
): ToolDiagnostics {
  let states: Promise<CheckerState[]> | undefined;
  let missing: string[] = [];
  let hasChanged = false;
  let queue: Promise<unknown> = Promise.resolve();

  const run = async (
    checker: Checker,
    files: readonly string[] | undefined,
    options: { timeoutMs: number; signal: AbortSignal },
  ): Promise<Outcome> => {
    const result = await workspace
      .exec(checker.argvFor(files), {
        cwd: checker.directory,
        env: { CI: "1", NO_COLOR: "1", FORCE_COLOR: "0", PYTHONPYCACHEPREFIX: "/tmp/pycache" },
        maxOutputBytes,
        ...options,
      })
      .catch(() => undefined);
    if (options.signal.aborted || result?.aborted) return { status: "aborted" };
    if (!result) return { status: "failed", reason: "it did not start." };
    if (result.timedOut) return { status: "timed_out" };
    const problems = result.exitCode === null ? undefined : checker.parse(result.stdout, result.stderr);
    // A failure without a problem is one of the program itself.
    if (problems && (problems.length > 0 || result.exitCode === 0)) return { status: "checked", problems };
    return { status: "failed", reason: reasonOf(result) };
  };

  const open = async (): Promise<CheckerState[]> => {
    const tools = await Promise.all([...new Set(directories)].map((directory) => findProjectTools(workspace.files, directory)));
    missing = tools.flatMap(missingTools);
    return tools.flatMap(checkersOf).map((checker) => ({ checker, baseline: readBaseline(checker), told: [], timeouts: 0 }));
  };

  /** Only what was read before the first change is the state before the run. */
  const readBaseline = async (checker: Checker): Promise<Map<string, number> | undefined> => {
    if (hasChanged) return undefined;
    const outcome = await run(checker, undefined, { timeoutMs: baselineMs, signal });
    return hasChanged || outcome.status !== "checked" ? undefined : countOf(outcome.problems);
  };

  const checkNow = async (changes: readonly FileChange[], given: AbortSignal): Promise<string | undefined> => {
    const deadline = Date.now() + checkMs;
    const present = changes.filter(({ op }) => op !== "delete").map(({ path, new_path }) => new_path ?? path);
    const paths = changes.flatMap(({ path, new_path }) => (new_path === undefined ? [path] : [path, new_path]));
    const open = await within(states!, deadline, []);
    const notes = missing.splice(0);
    const checked: string[] = [];
    const found: string[] = [];
    let remaining = 0;
    for (const state of open) {
      const { checker } = state;
      const isHandled = (path: string): boolean => isIn(checker.directory, path) && checker.handles(path);
      const files = present.filter(isHandled).map((path) => relativeTo(checker.directory, path));
      if (state.timeouts >= maxTimeouts || !paths.some(isHandled) || (files.length === 0 && !checker.isWhole)) continue;
      const before = await within(state.baseline, deadline, "pending" as const);
      if (before === "pending") {
        notes.push(`${checker.name} is still reading the project, so it has not checked this change.`);
        continue;
      }
      const outcome = await run(checker, files, { timeoutMs: Math.max(1, deadline - Date.now()), signal: given });
      if (outcome.status === "timed_out") {
        state.timeouts++;
        notes.push(`${checker.name} took longer than ${checkMs / 1_000} s and was stopped.`);
      } else if (outcome.status === "failed") {
        if (state.failure !== outcome.reason) notes.push(`${checker.name} could not run: ${outcome.reason}`);
        state.failure = outcome.reason;
      }
      if (outcome.status !== "checked") continue;
      const { problems } = outcome;
      delete state.failure;
      checked.push(checker.name);
      const isOfChange = ({ file }: Problem): boolean => files.some((changed) => file === changed || file.endsWith(`/${changed}`));
      // Without the state before the run, problems elsewhere are more likely old than new.
      const fresh = before ? withoutKnown(problems, before) : problems.filter(isOfChange);
      const untold = withoutKnown(fresh, countOf(state.told));
      state.told = [...state.told.filter((problem) => !checker.isWhole && !isOfChange(problem)), ...fresh];
      found.push(...untold.map((problem) => lineOf(problem, checker.directory, paths)));
      remaining += fresh.length - untold.length;
    }
    return textOf({ found, remaining, checked, notes });
  };

  const begin = (): void => {
    states ??= open().catch(() => []);
  };
  const noteChange = (): void => {
    hasChanged = true;
  };
  return {
    begin,
    noteChange,
    check(changes, given) {
      noteChange();
      begin();
      // Sub-agents may finish batches at the same time.
      const next = queue.then(() => checkNow(changes, given).catch(() => undefined));
      queue = next;
      return next;
    },
  };
}

const looksLikeError = /\berror\b|\w+Error\b|not found|cannot find|no module/i;

/** What a program printed about why it failed, from the first line that looks like an error, on one line. */
function reasonOf({ stdout, stderr, exitCode, signal }: WorkspaceExecResult): string {
  const lines = (stderr.trim() || stdout).split("\n").map((line) => line.trim());
  const said = lines.filter((line) => line !== "");
  const from = Math.max(
    0,
    said.findIndex((line) => looksLikeError.test(line)),
  );
  const text = said.slice(from).join(" ");
  if (text === "") return exitCode === null ? `it was ended by ${signal ?? "a signal"}.` : `it ended with exit code ${exitCode}.`;
  return text.length > maxFailureChars ? `${text.slice(0, maxFailureChars)}…` : text;
}

/** The value, or `otherwise` once the time is over. */
async function within<T, U>(work: Promise<T>, deadline: number, otherwise: U): Promise<T | U> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<U>((resolve) => (timer = setTimeout(() => resolve(otherwise), Math.max(0, deadline - Date.now()))));
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const isIn = (directory: string, path: string): boolean => directory === "." || path.startsWith(`${directory}/`);
const relativeTo = (directory: string, path: string): string => (directory === "." ? path : path.slice(directory.length + 1));

/** Without the line, which moves when something above it changes. */
const keyOf = ({ file, code, message }: Problem): string => `${file}\0${code}\0${message}`;

function countOf(problems: readonly Problem[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const problem of problems) counts.set(keyOf(problem), (counts.get(keyOf(problem)) ?? 0) + 1);
  return counts;
}

/** Of problems that occur several times, as many as there were before are left out. */
function withoutKnown(problems: readonly Problem[], before: ReadonlyMap<string, number>): Problem[] {
  const left = new Map(before);
  return problems.filter((problem) => {
    const known = left.get(keyOf(problem)) ?? 0;
    if (known > 0) left.set(keyOf(problem), known - 1);
    return known === 0;
  });
}

/** Some programs print absolute paths. Those of files that the run changed are known. */
function lineOf({ file, line, code, message }: Problem, directory: string, changed: readonly string[]): string {
  const shown = file.startsWith("/") ? (changed.find((path) => file.endsWith(`/${path}`)) ?? file) : posix.join(directory, file);
  return `${shown}:${line}: ${code} ${message.slice(0, maxMessageChars)}`;
}

function textOf({
  found,
  remaining,
  checked,
  notes,
}: {
  found: string[];
  remaining: number;
  checked: string[];
  notes: string[];
}): string | undefined {
  const names = [...new Set(checked)].join(", ");
  const lines: string[] = [];
  if (found.length > 0) {
    lines.push(`New problems (${names}):`, ...found.slice(0, maxProblems));
    if (found.length > maxProblems) lines.push(`… ${found.length - maxProblems} more`);
  } else if (checked.length > 0) lines.push(`No ${remaining > 0 ? "further" : "new"} problems (${names}).`);
  if (remaining > 0) lines.push(remaining === 1 ? "One problem reported before remains." : `${remaining} problems reported before remain.`);
  lines.push(...new Set(notes));
  return lines.length === 0 ? undefined : lines.join("\n");
}

/** What the project uses but has not installed. */
function missingTools({ typescript, eslint, oxlint, directory }: ProjectTools): string[] {
  const where = directory === "." ? "" : ` in ${directory}`;
  return Object.entries({ TypeScript: typescript, ESLint: eslint, oxlint })
    .filter(([, tool]) => tool && !tool.argv)
    .map(([name]) => `${name} is not installed${where}, so it was not run.`);
}

const scripts = /\.[cm]?[jt]sx?$/;
const typed = /\.[cm]?tsx?$/;
const python = /\.pyi?$/;

/** The programs that check a folder: TypeScript, a linter, and for Python pyright and ruff or at least the compiler. */
function checkersOf({ directory, typescript, eslint, oxlint, python: py }: ProjectTools): Checker[] {
  const found: Checker[] = [];
  const add = (name: string, pattern: RegExp, parse: ProblemParser, argvFor: Checker["argvFor"], isWhole = false): void => {
    found.push({ name, directory, parse, argvFor, isWhole, handles: (path) => pattern.test(path) });
  };
  const tsc = typescript?.argv;
  if (tsc)
    for (const config of typescript.configs) {
      const info = `node_modules/.cache/studio/${config.replaceAll(/[^\w.-]+/g, "-")}.tsbuildinfo`;
      add(
        "tsc",
        typed,
        parseTsc,
        () => [...tsc, "-p", config, "--noEmit", "--incremental", "--tsBuildInfoFile", info, "--pretty", "false"],
        true,
      );
    }
  const eslintArgv = eslint?.argv;
  if (eslintArgv) {
    const cache = ["--cache", "--cache-location", "node_modules/.cache/studio/eslint"];
    const options = ["--format", "json", "--no-error-on-unmatched-pattern", ...cache];
    add("ESLint", scripts, parseEslint, (files) => [...eslintArgv, ...options, "--", ...(files ?? ["."])]);
  }
  const oxlintArgv = oxlint?.argv;
  if (oxlintArgv && !eslintArgv) add("oxlint", scripts, parseOxlint, (files) => [...oxlintArgv, "--format", "unix", ...(files ?? ["."])]);
  if (py) {
    const { argv, ruff, pyright } = py;
    if (pyright) add("pyright", python, parsePyright, (files) => [...pyright, "--outputjson", ...(files ?? [])]);
    if (ruff) add("ruff", python, parseRuff, (files) => [...ruff, "check", "--output-format", "concise", "--", ...(files ?? ["."])]);
    // Files that were broken before the run are rare, so nothing is compiled then.
    if (!ruff && !pyright) add("python", python, parsePyCompile, (files) => [...argv, "-m", "py_compile", ...(files ?? [])]);
  }
  return found;
}
