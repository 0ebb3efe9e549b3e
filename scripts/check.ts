/** Checks format, lint, types, architecture and the words of the web UI. Runs all checks and reports every failure. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const bin = (name: string) => join(root, "node_modules/.bin", name);
const fix = process.argv.includes("--fix");

const steps: [string, string[]][] = [
  ["format", [bin("oxfmt"), ...(fix ? [] : ["--check"]), "apps", "packages", "e2e", "evals", "bench", "scripts"]],
  ["lint", [bin("oxlint"), ...(fix ? ["--fix"] : []), "--deny-warnings", "."]],
  ["types", [bin("tsc"), "-p", "tsconfig.json"]],
  ["types of the web UI", [bin("tsc"), "-p", "apps/web/tsconfig.json"]],
  ["unused code and dependencies", [bin("knip"), "--no-progress"]],
  ["architecture and texts", [bin("vitest"), "run", "--project", "repo", "scripts/architecture", "scripts/strings"]],
];
let failed = 0;
for (const [name, [command, ...args]] of steps) {
  const started = Date.now();
  const { status } = spawnSync(command as string, args, { cwd: root, stdio: "inherit" });
  process.stdout.write(`${status === 0 ? "ok  " : "FAIL"} ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
  if (status !== 0) failed += 1;
}
process.exit(failed === 0 ? 0 : 1);
