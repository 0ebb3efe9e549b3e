/** Runs every test and ends with one line: `Total: N passed, N failed, N skipped`. `--only unit|conformance|templates|services|e2e` runs one part. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
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

if (wants("unit")) {
  const json = join(results, "vitest.json");
  const { status } = spawnSync(
    join(root, "node_modules/.bin/vitest"),
    ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${json}`],
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

const runScript = async (name: string, file: string, args: string[] = []) => {
  say(`\n== ${name}`);
  let output = "";
  const child = spawn(process.execPath, [join(root, file), ...args], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
    process.stdout.write(text);
  });
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
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
if (wants("conformance")) await runScript("conformance", "e2e/conformance.ts");
if (wants("templates")) await runScript("templates", "e2e/templates.ts");
if (wants("services")) await runScript("three containers", "e2e/three-containers.ts", ["--short"]);
if (wants("e2e")) {
  await runScript("browser journeys", "e2e/run.ts");
  await runScript("crash suite, shortly", "e2e/crash.ts", ["--rounds", "2"]);
  for (const file of readdirSync(join(root, "e2e/journeys")).sort()) await runScript(`browser journeys: ${file}`, `e2e/journeys/${file}`);
}

say(`\nTotal: ${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
