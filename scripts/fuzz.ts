/**
 * Sends hostile input to every route: `--seconds 120 --seed 7`; `--only money`: random sequences of payments; `--only crowds
 * --people 200`: that many users on one agent and one template at once. The same seed makes the same calls. Exit code 1 when the server failed.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";

const root = join(import.meta.dirname, "..");
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "120" },
    seed: { type: "string" },
    people: { type: "string", default: "200" },
    only: { type: "string", default: "routes" },
  },
});
const what = {
  routes: ["apps/server/src/http/matrix.hard.test.ts", "-t", "hostile input"],
  money: ["apps/server/src/features/billing/billing/money.hard.test.ts"],
  crowds: ["apps/server/src/features/store/marketplace/crowds.hard.test.ts"],
}[values.only];
if (!what) throw new Error("--only routes, money or crowds");
const seed = values.seed ?? String(Date.now() % 1_000_000);
const { status } = spawnSync(join(root, "node_modules/.bin/vitest"), ["run", "--project", "server-hard", ...what], {
  cwd: root,
  stdio: "inherit",
  env: { ...process.env, FUZZ_SECONDS: values.seconds, FUZZ_SEED: seed, CROWD_PEOPLE: values.people },
});
if (values.only !== "crowds")
  process.stdout.write(`Repeat with: ./studio fuzz --seconds ${values.seconds} --seed ${seed} --only ${values.only}\n`);
process.exit(status ?? 1);
