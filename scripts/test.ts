/** Runs every test and ends with one line: `Total: N passed, N failed, N skipped`. `--only unit|conformance|templates|deployments|services|e2e` runs one part; `--only docker` the long part of the docker driver. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "..");
const results = join(root, "test-results");
rmSync(results, { recursive: true, force: true });
mkdirSync(results, { recursive: true });
const { values } = parseArgs({ options: { only: { type: "string" } }, allowPositionals: true });
const wants = (part: string) => values.only === undefined || values.only === part;
const total = { passed: 0, failed: 0, skipped: 0 };
const say = (line: string) => process.stdout.write(`${line}\n`);

function runVitest(project: string): void {
  const json = join(results, "vitest.json");
  const { status } = spawnSync(
    join(root, "node_modules/.bin/vitest"),
    ["run", `--project=${project}`, "--reporter=default", "--reporter=json", `--outputFile.json=${json}`],
    { cwd: root, stdio: "inherit" },
  );
  try {
    const report = JSON.parse(readFileSync(json, "utf8")) as {
      numPassedTests: number;
      numFailedTests: number;
      numPendingTests: number;
      numTodoTests: number;
    };
    total.passed += report.numPassedTests;
    total.failed += report.numFailedTests;
    total.skipped += report.numPendingTests + report.numTodoTests;
    if (status !== 0 && report.numFailedTests === 0) total.failed += 1;
  } catch (error) {
    say(`vitest left no report: ${String(error)}`);
    total.failed += 1;
  }
}
if (wants("unit")) {
  runVitest("!docker");
  const matrix = join(results, "auth-matrix.txt");
  if (existsSync(matrix)) say(`\n${readFileSync(matrix, "utf8").trimEnd()}`);
  else {
    say("the auth matrix was not written");
    total.failed += 1;
  }
}
if (values.only === "docker") runVitest("docker");

/** A part with a server of its own. What it says is printed when it has ended, so that the lanes do not talk across each other. */
const runScript = async (name: string, file: string, args: string[] = []) => {
  const started = Date.now();
  let output = "";
  const child = spawn(process.execPath, [join(root, file), ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  say(`\n== ${name} (${Math.round((Date.now() - started) / 1000)} s)\n${output.trimEnd()}`);
  const line =
    output
      .match(/^(?:\w+: )?(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm)
      ?.at(-1)
      ?.match(/\d+/g)
      ?.map(Number) ?? [];
  total.passed += line[0] ?? 0;
  total.failed += line[1] ?? 0;
  total.skipped += line[2] ?? 0;
  if (code !== 0 && !line[1]) total.failed += 1;
};
const scripts: Parameters<typeof runScript>[] = [];
if (wants("conformance")) scripts.push(["conformance", "e2e/conformance.ts"]);
if (wants("e2e")) {
  scripts.push(["crash suite, shortly", "e2e/crash.ts", ["--only", "runs,lifecycle", "--rounds", "2"]], ["browser journeys", "e2e/run.ts"]);
  scripts.push(["weights of the pages", "e2e/weights.ts"]);
  for (const file of readdirSync(join(root, "e2e/journeys")).sort()) scripts.push([`browser journeys: ${file}`, `e2e/journeys/${file}`]);
}
if (wants("services")) scripts.push(["three containers", "e2e/three-containers.ts", ["--short"]]);
if (wants("templates")) scripts.push(["templates", "e2e/templates.ts"]);
if (wants("deployments")) scripts.push(["deployments", "e2e/deployments.ts"]);
// Each waits a good part of its time for browsers and programs: two lanes fill two cores.
await Promise.all(
  [0, 1].map(async () => {
    for (let next = scripts.shift(); next; next = scripts.shift()) await runScript(...next);
  }),
);

say(`\nTotal: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
