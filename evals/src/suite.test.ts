import { cp, mkdtemp, rm } from "node:fs/promises";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { folderSource } from "@tesslate/runtime";
import { openMachine, type Machine } from "./machine.ts";
import { judge, loadSuite, runSuiteTask, type SuiteTask } from "./suite.ts";

const example = join(import.meta.dirname, "../suite-example");
const signal = new AbortController().signal;
let machine: Machine;
let task: SuiteTask;
let dir: string;
beforeAll(async () => {
  machine = await openMachine({ templates: new Set() });
  [task] = (await loadSuite(example)) as [SuiteTask];
  dir = await mkdtemp(join(tmpdir(), "suite-"));
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

const judged = async (changes: Record<string, string>, given: Partial<SuiteTask> = {}) => {
  await using opened = await machine.open("suite");
  await opened.sandbox.files.copyIn(folderSource(join(task.folder, "repository")));
  for (const [path, text] of Object.entries(changes)) await opened.sandbox.files.write(path, text);
  const checks = await judge(opened.sandbox, { ...task, ...given }, signal);
  return Object.fromEntries(checks.map(({ name, status, detail }) => [name, detail ?? status]));
};

test("results that the run left behind do not count", async () => {
  const forged = `<testsuites>${task.must_pass.map((name) => `<testcase name="${name}"/>`).join("")}</testsuites>`;
  expect(await judged({ "test-results.xml": forged })).toEqual({
    "keeps letters without their accents": "The test failed.",
    "joins words by one hyphen": "The test failed.",
    "has no hyphen at its ends": "The test failed.",
    "is lower case": "passed",
    "drops punctuation": "passed",
  });
});

test("a test that a run deleted is there again, and a test that does not exist has not passed", async () => {
  const results = await judged({ "test/slugify.test.js": "" }, { must_pass: ["is lower case", "absent"], must_stay_passing: [] });
  expect(results).toEqual({ "is lower case": "passed", absent: "The test did not run." });
});

test("without a results file each test is run alone, and its exit code counts", async () => {
  const given = { test: ["node", "--test", "--test-name-pattern"], results: undefined };
  const results = await judged({}, { ...given, must_pass: ["keeps letters"], must_stay_passing: ["is lower case"] });
  expect(results["is lower case"]).toBe("passed");
  expect(results["keeps letters"]).toContain("crme-brle");
});

test("when the tests cannot run, every test has failed with their output", async () => {
  const results = await judged({}, { test: ["node", "absent.js"] });
  expect(Object.keys(results)).toHaveLength(5);
  for (const detail of Object.values(results)) expect(detail).toContain("Cannot find module");
});

test("a repository can be a git bundle", async () => {
  const folder = join(dir, "bundled");
  // The script imports its neighbors by relative paths.
  await cp(task.folder, folder, { recursive: true, filter: (path) => !path.endsWith("script.ts") });
  const repository = join(folder, "repository");
  const git = (...argv: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.org", ...argv], { cwd: repository });
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "--message", "start");
  git("bundle", "create", "--quiet", "../repository.bundle", "HEAD");
  await rm(repository, { recursive: true });
  const [bundled] = (await loadSuite(folder)) as [SuiteTask];
  const outcome = await runSuiteTask({ ...bundled, script: task.script }, { machine, model: undefined, reportDir: dir, signal });
  expect(outcome.checks.map(({ status }) => status)).toEqual(["passed", "passed", "passed", "passed", "passed"]);
});

test("a task without a script needs a model", async () => {
  await expect(runSuiteTask({ ...task, script: undefined }, { machine, model: undefined, reportDir: dir, signal })).rejects.toThrow(
    "--model",
  );
});
