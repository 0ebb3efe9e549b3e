/**
 * `./studio crash [--only runs,lifecycle,restores,runtime] [--rounds N] [--seed N]`: kill -9 of the server at random moments, of agent runs (default 20
 * rounds) and of starts and stops of several projects (default 10); then of restores and of the docker driver, in full: `./studio test` runs only the
 * most important part of these two.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createChecks, seeded } from "./crash/checks.ts";
import { crashLifecycle } from "./crash/lifecycle.ts";
import { crashRuns } from "./crash/runs.ts";
import { openRunFolder } from "./run-folder.ts";

const { values } = parseArgs({
  options: { only: { type: "string" }, rounds: { type: "string" }, seed: { type: "string", default: String(Date.now() % 100_000) } },
});
const wants = (part: string) => values.only === undefined || values.only.split(",").includes(part);
const { check, passed, failures } = createChecks();
console.log(`crash suite, seed ${values.seed}`);
const { images, cleanUp } = await openRunFolder(new Set(["static", "node-api"]));
const chance = seeded(Number(values.seed));
if (wants("runs")) await crashRuns({ rounds: Number(values.rounds ?? 20), chance, check, images });
if (wants("lifecycle")) await crashLifecycle({ rounds: Number(values.rounds ?? 10), chance, check, images });
const whole: [string, string, string, string][] = [
  ["restores", "server*", "src/features/source/snapshots/crash.", "a restore survives a killed server at any moment"],
  ["runtime", "runtime-hard", "src/docker/crash.hard.test.ts", "the docker driver survives a killed server"],
];
const root = join(import.meta.dirname, "..");
for (const [part, project, file, guarantee] of whole) {
  if (!wants(part)) continue;
  const { status } = spawnSync(join(root, "node_modules/.bin/vitest"), ["run", "--project", project, file], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, SOAK: "1" },
  });
  check(guarantee, status === 0);
}
await cleanUp();
console.log(`${passed()} passed, ${failures().length} failed`);
process.exit(failures().length === 0 ? 0 : 1);
