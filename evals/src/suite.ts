import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { Type, type Static } from "typebox";
import { folderSource, type Sandbox } from "@tesslate/runtime";
import { modelOf, runAndRecord, usageOf, type EvaluatedModel } from "./agent-run.ts";
import { taskFolders } from "./app-task.ts";
import { keyOf, readJunit, type TestStatus } from "./junit.ts";
import type { Machine } from "./machine.ts";
import { attempt, shortened, type CheckResult, type Outcome } from "./outcome.ts";
import { Argv, loadScript, readJson, RunLimits } from "./schema.ts";
import type { Script } from "./script.ts";

/** `suite.json` */
export const SuiteFile = Type.Object(
  {
    title: Type.Optional(Type.String()),
    /** Programs that prepare the repository before the run, such as `[["npm", "ci"]]`. */
    setup: Type.Optional(Type.Array(Argv)),
    /** Runs the tests. */
    test: Argv,
    /**
     * The JUnit XML file that `test` writes, relative to the repository. Without it, `test` is run once for each test, with the test's id as its last
     * argument, and the exit code counts.
     */
    results: Type.Optional(Type.String({ minLength: 1 })),
    /** Ids of tests that fail before the task is done. */
    must_pass: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
    /** Ids of tests that pass before and after. */
    must_stay_passing: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
    test_seconds: Type.Optional(Type.Integer({ minimum: 1 })),
    limits: Type.Optional(RunLimits),
  },
  { additionalProperties: false },
);

export interface SuiteTask extends Static<typeof SuiteFile> {
  name: string;
  folder: string;
  prompt: string;
  script: Script | undefined;
}

/** Loads the tasks of a suite: the folder itself if it has a `suite.json`, otherwise each folder in it that has one. */
export async function loadSuite(folder: string): Promise<SuiteTask[]> {
  const folders = await taskFolders(folder, "suite.json");
  if (folders.length === 0) throw new Error(`${folder} has no suite.json, and no folder with one.`);
  return Promise.all(
    folders.map(async (one) => ({
      ...(await readJson(join(one, "suite.json"), SuiteFile)),
      name: basename(resolve(one)),
      folder: one,
      prompt: await readFile(join(one, "task.md"), "utf8"),
      script: await loadScript(one),
    })),
  );
}

const setupMs = 15 * 60_000;
const defaultTestSeconds = 15 * 60;
const maxResultBytes = 32 * 2 ** 20;

/** Runs the agent on a repository in a new sandbox, puts the task's tests in, and runs them there. Throws if the repository cannot be prepared. */
export async function runSuiteTask(
  task: SuiteTask,
  { machine, model, reportDir, signal }: { machine: Machine; model: EvaluatedModel; reportDir: string; signal: AbortSignal },
): Promise<Outcome> {
  const started = performance.now();
  const client = modelOf(model, task);
  await using opened = await machine.open(task.name);
  const { sandbox } = opened;
  await placeRepository(sandbox, task.folder, signal);
  for (const argv of task.setup ?? []) await mustSucceed(sandbox, argv, signal);
  const title = task.title ?? task.name;
  const run = await runAndRecord({ title, message: task.prompt, workspace: sandbox, ...client, signal }, reportDir);
  signal.throwIfAborted();
  const checks = await judge(sandbox, task, signal);
  return { name: task.name, title, checks, ...usageOf(run), ms: Math.round(performance.now() - started) };
}

/** `repository/`, or what HEAD of `repository.bundle` is. Git runs in the sandbox, because a bundle is as hostile as what it contains. */
async function placeRepository(sandbox: Sandbox, folder: string, signal: AbortSignal): Promise<void> {
  const [copy, bundle] = [join(folder, "repository"), join(folder, "repository.bundle")];
  if (existsSync(copy)) return sandbox.files.copyIn(folderSource(copy));
  if (!existsSync(bundle)) throw new Error(`${folder} has neither repository/ nor repository.bundle.`);
  const name = ".repository.bundle";
  await sandbox.files.write(name, await readFile(bundle));
  for (const argv of [
    ["git", "init", "--quiet"],
    ["git", "fetch", "--quiet", name, "HEAD"],
    ["git", "checkout", "--quiet", "-B", "main", "FETCH_HEAD"],
  ])
    await mustSucceed(sandbox, argv, signal);
  await sandbox.files.remove(name);
}

async function mustSucceed(sandbox: Sandbox, argv: string[], signal: AbortSignal): Promise<void> {
  const { exitCode, stdout, stderr } = await sandbox.exec(argv, { timeoutMs: setupMs, signal });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")} exited with ${exitCode ?? "a signal"}.\n${shortened(`${stdout}\n${stderr}`)}`);
}

type Judged = Pick<SuiteTask, "folder" | "test" | "results" | "must_pass" | "must_stay_passing" | "test_seconds">;

/** Puts the tests in, which replaces files of the same name, runs them, and gives the result of each test that is named. */
export async function judge(sandbox: Sandbox, task: Judged, signal: AbortSignal): Promise<CheckResult[]> {
  const tests = join(task.folder, "tests");
  if (existsSync(tests)) await sandbox.files.copyIn(folderSource(tests));
  const ids = [...task.must_pass, ...(task.must_stay_passing ?? [])];
  const timeoutMs = (task.test_seconds ?? defaultTestSeconds) * 1000;
  const execute = (argv: string[]) => sandbox.exec(argv, { timeoutMs, signal, env: { CI: "1" } });
  const { results } = task;
  if (results === undefined) {
    const checks: CheckResult[] = [];
    for (const id of ids)
      checks.push(
        await attempt("test", id, async () => {
          const { exitCode, stdout, stderr, timedOut } = await execute([...task.test, id]);
          if (exitCode !== 0) throw new Error(timedOut ? "The test timed out." : shortened(`${stdout}\n${stderr}`));
        }),
      );
    return checks;
  }
  // What the run left there is no result.
  await sandbox.files.remove(results, { recursive: true }).catch(() => undefined);
  const { stdout, stderr, timedOut } = await execute(task.test);
  const why = timedOut ? "The tests timed out." : shortened(`${stdout}\n${stderr}`);
  let statuses: Map<string, TestStatus> | undefined;
  const read = await attempt("test", "The tests write their results", async () => {
    const { data } = await sandbox.files.read(results, { maxBytes: maxResultBytes });
    statuses = readJunit(new TextDecoder().decode(data));
  });
  return ids.map((id): CheckResult => {
    const status = statuses?.get(keyOf(id));
    const detail = read.status === "passed" ? detailOf(status) : `There are no test results: ${read.detail ?? ""}\n${why}`;
    return { kind: "test", name: id, status: status === "passed" ? "passed" : "failed", ...(detail && { detail }), ms: 0 };
  });
}

const detailOf = (status: TestStatus | undefined): string | undefined =>
  status === undefined
    ? "The test did not run."
    : { passed: undefined, failed: "The test failed.", skipped: "The test was skipped." }[status];
