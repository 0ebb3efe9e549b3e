/**
 * `./studio crash [--only runs,lifecycle] [--rounds N] [--seed N]`: kill -9 of the server at random moments, of agent runs (default 20 rounds)
 * and of starts and stops of several projects (default 10).
 */
import { parseArgs } from "node:util";
import { createChecks, seeded } from "./crash/checks.ts";
import { crashLifecycle } from "./crash/lifecycle.ts";
import { crashRuns } from "./crash/runs.ts";

const { values } = parseArgs({
  options: { only: { type: "string" }, rounds: { type: "string" }, seed: { type: "string", default: String(Date.now() % 100_000) } },
});
const wants = (part: string) => values.only === undefined || values.only.split(",").includes(part);
const { check, passed, failures } = createChecks();
console.log(`crash suite, seed ${values.seed}`);
const chance = seeded(Number(values.seed));
if (wants("runs")) await crashRuns({ rounds: Number(values.rounds ?? 20), chance, check });
if (wants("lifecycle")) await crashLifecycle({ rounds: Number(values.rounds ?? 10), chance, check });
console.log(`${passed()} passed, ${failures().length} failed`);
process.exit(failures().length === 0 ? 0 : 1);
