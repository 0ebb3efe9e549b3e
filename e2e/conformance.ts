/** Runs the public conformance suite against a fresh server, for the areas that are built. Failures must never grow: `known` lists the ones that later features bring. */
import { spawn } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { signUp } from "./account.ts";
import { startStudio } from "./studio.ts";

const areas =
  "auth,users,billing,projects,containers,graph,files,assets,secrets,kanban,chat,shell,snapshots,tasks,git,git-providers,marketplace-agents,marketplace-bases,library,deployments,deployment-credentials,deployment-oauth,admin,themes,feedback,community,system";
const here = import.meta.dirname;
const known = JSON.parse(await readFile(join(here, "conformance/known-failures.json"), "utf8")) as string[];
await mkdir(join(here, "../test-results"), { recursive: true });
const studio = await startStudio();
const report = join(here, "../test-results/conformance.json");
try {
  // The first account of a local server is its administrator's.
  const { email, password } = await signUp(studio.url);
  const argv = [studio.url, "--only", areas, "--json", report, "--admin", `${email}:${password}`];
  const child = spawn(process.execPath, [join(here, "conformance/tools/conformance.mjs"), ...argv], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await new Promise((resolve) => child.once("exit", resolve));
  const { passed, failures } = JSON.parse(await readFile(report, "utf8")) as { passed: number; failures: { check: string; why: string }[] };
  const fresh = failures.filter((f) => !known.includes(f.check));
  const healed = known.filter((k) => !failures.some((f) => f.check === k));
  for (const f of fresh) console.log(`FAIL ${f.check}: ${f.why}`);
  for (const k of healed) console.log(`HEALED ${k}: take it out of known-failures.json`);
  console.log(`known and expected: ${failures.length - fresh.length}`);
  console.log(`${passed} passed, ${fresh.length + healed.length} failed`);
  process.exitCode = fresh.length + healed.length === 0 ? 0 : 1;
} finally {
  await studio.close();
}
