/** Runs every test and ends with one line: `Total: N passed, N failed, N skipped`. `--only unit|conformance|templates|deployments|services|e2e` runs one part; `--only docker` the long part of the docker driver. What fails is run once more by itself. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { freemem } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "..");
const results = join(root, "test-results");
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
const { values } = parseArgs({ options: { only: { type: "string" } }, allowPositionals: true });
const wants = (part: string) => values.only === undefined || values.only === part;
const say = (line: string) => process.stdout.write(`${line}\n`);

/** What one part counted, and how to run it once more by itself. */
interface Outcome {
  name: string;
  passed: number;
  failed: number;
  skipped: number;
  again?: () => Promise<Outcome>;
}
const outcomes: Outcome[] = [];
/**
 * In memory where there is plenty of it: the tests make and delete files by the ten thousand, for each of which a disk without a journal looks
 * through all that was lately deleted. That was a fourth of their work.
 */
function roomForFiles(): string | undefined {
  const memory = "/dev/shm";
  if (process.platform !== "linux" || !existsSync(memory)) return undefined;
  // What a run left that was killed.
  for (const name of readdirSync(memory)) {
    const pid = /^tests-(\d+)$/.exec(name)?.[1];
    if (pid && !existsSync(`/proc/${pid}`)) rmSync(join(memory, name), { recursive: true, force: true });
  }
  const { bavail, bsize } = statfsSync(memory);
  if (Math.min(bavail * bsize, freemem()) < 12 * 2 ** 30) return undefined;
  const dir = join(memory, `tests-${process.pid}`);
  mkdirSync(dir);
  process.once("exit", () => rmSync(dir, { recursive: true, force: true, maxRetries: 3 }));
  const program = join(dir, "program");
  writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
  // Some hosts let nothing be run from there.
  return spawnSync(program).status === 0 ? dir : undefined;
}
const room = roomForFiles();
// Bounds in seconds hold for a machine that does nothing else; under a test run they are looser (e2e/journey.ts).
const env = {
  ...process.env,
  TEST_RUN: "1",
  ...(room && { TMPDIR: room }),
  // Hundreds of processes load the same code.
  NODE_COMPILE_CACHE: join(room ?? results, "compiled"),
};

interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: { name: string; status: string }[];
}
function runVitest(name: string, args: string[], isFirst = true): Outcome {
  const json = join(results, isFirst ? "vitest.json" : "vitest-again.json");
  const { status } = spawnSync(
    join(root, "node_modules/.bin/vitest"),
    ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${json}`, ...args],
    { cwd: root, stdio: "inherit", env },
  );
  if (!existsSync(json)) {
    say("vitest left no report");
    return { name, passed: 0, failed: 1, skipped: 0 };
  }
  const report = JSON.parse(readFileSync(json, "utf8")) as VitestReport;
  const files = report.testResults.filter((file) => file.status === "failed").map((file) => file.name);
  const outcome: Outcome = {
    name: files.length > 0 ? `${name}: ${files.map((file) => relative(root, file)).join(", ")}` : name,
    passed: report.numPassedTests,
    failed: status !== 0 ? Math.max(1, report.numFailedTests) : 0,
    skipped: report.numPendingTests + report.numTodoTests,
  };
  if (files.length > 0 && files.length <= 8)
    outcome.again = async () => {
      const again = runVitest(name, ["--no-file-parallelism", ...args, ...files], false);
      // Of the files that are run again, what passed the first time is counted already.
      return { ...again, passed: outcome.passed + (again.failed === 0 ? outcome.failed : 0), skipped: outcome.skipped };
    };
  return outcome;
}
if (wants("unit")) {
  outcomes.push(runVitest("tests beside the code", ["--project=!docker"]));
  const matrix = join(results, "auth-matrix.txt");
  if (existsSync(matrix)) say(`\n${readFileSync(matrix, "utf8").trimEnd()}`);
  else {
    say("the auth matrix was not written");
    outcomes.push({ name: "auth matrix", passed: 0, failed: 1, skipped: 0 });
  }
}
if (values.only === "docker") outcomes.push(runVitest("docker", ["--project=docker"]));

/** A part with a server of its own. What it says is printed when it has ended, so that the lanes do not talk across each other. */
const runScript = async (name: string, file: string, args: string[] = []): Promise<Outcome> => {
  const started = Date.now();
  let output = "";
  const child = spawn(process.execPath, [join(root, file), ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"], env });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  say(`\n== ${name} (${Math.round((Date.now() - started) / 1000)} s)\n${output.trimEnd()}`);
  const [passed = 0, failed = 0, skipped = 0] =
    output
      .match(/^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)
      ?.at(-1)
      ?.match(/\d+/g)
      ?.map(Number) ?? [];
  return { name, passed, failed: code === 0 ? failed : Math.max(1, failed), skipped, again: () => runScript(name, file, args) };
};
const scripts: Parameters<typeof runScript>[] = [];
// The longest first, so that no lane is left with one of them at the end.
if (wants("deployments")) scripts.push(["deployments", "e2e/deployments.ts"]);
if (wants("services")) scripts.push(["three containers", "e2e/three-containers.ts", ["--short"]]);
if (wants("templates")) scripts.push(["templates", "e2e/templates.ts"]);
if (wants("e2e")) {
  scripts.push(["crash suite, shortly", "e2e/crash.ts", ["--only", "runs,lifecycle", "--rounds", "2"]], ["browser journeys", "e2e/run.ts"]);
  const journeys = readdirSync(join(root, "e2e/journeys")).map((file) => ({ file, size: statSync(join(root, "e2e/journeys", file)).size }));
  for (const { file } of journeys.sort((a, b) => b.size - a.size)) scripts.push([`browser journeys: ${file}`, `e2e/journeys/${file}`]);
  scripts.push(["weights of the pages", "e2e/weights.ts"]);
}
if (wants("conformance")) scripts.push(["conformance", "e2e/conformance.ts"]);
// Each waits a good part of its time for browsers and programs: three lanes fill two cores.
await Promise.all(
  [0, 1, 2].map(async () => {
    for (let next = scripts.shift(); next; next = scripts.shift()) outcomes.push(await runScript(...next));
  }),
);

// What failed beside everything else is run once more by itself, and named at the end whatever comes of it: a failure that does not come back is a race to be
// found, not a change to be refused. More than a few failures are no accident.
const failures = outcomes.filter((outcome) => outcome.failed > 0);
const unsteady: string[] = [];
if (failures.length <= 5)
  for (const failure of failures) {
    if (!failure.again) continue;
    say(`\n== once more by itself: ${failure.name}`);
    const again = await failure.again();
    if (again.failed === 0) unsteady.push(failure.name);
    Object.assign(failure, { passed: again.passed, failed: again.failed, skipped: again.skipped });
  }
for (const name of unsteady) say(`UNSTEADY, failed and then passed by itself: ${name}`);
for (const { name } of outcomes.filter((outcome) => outcome.failed > 0)) say(`FAILED ${name}`);

const sum = (count: "passed" | "failed" | "skipped") => outcomes.reduce((all, outcome) => all + outcome[count], 0);
say(`\nTotal: ${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
process.exit(sum("failed") === 0 && sum("passed") > 0 ? 0 : 1);
