/** Runs the public conformance suite against a server. New failures fail the journey; `known` lists expected ones. */
import { spawn } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, journey, note } from "./journey.ts";

const areas =
  "auth,users,billing,projects,containers,graph,files,assets,secrets,kanban,chat,shell,snapshots,tasks,git,git-providers,marketplace-agents,marketplace-bases,library,deployments,deployment-credentials,deployment-oauth,admin,themes,feedback,community,system";
const here = import.meta.dirname;

export default journey({ hasMain: true }, async ({ studio, admin }) => {
  const known = JSON.parse(await readFile(join(here, "conformance/known-failures.json"), "utf8")) as string[];
  await mkdir(join(here, "../test-results"), { recursive: true });
  const report = join(here, "../test-results/conformance.json");
  let passed = 0;
  return [
    {
      name: "the public suite",
      isMain: true,
      count: () => passed,
      run: async () => {
        const argv = [studio.url, "--only", areas, "--json", report, "--admin", `${admin.email}:${admin.password}`];
        const child = spawn(process.execPath, [join(here, "conformance/tools/conformance.mjs"), ...argv], {
          stdio: ["ignore", "ignore", "inherit"],
        });
        await new Promise((resolve) => child.once("exit", resolve));
        const result = JSON.parse(await readFile(report, "utf8")) as { passed: number; failures: { check: string; why: string }[] };
        passed = result.passed;
        const fresh = result.failures.filter(({ check }) => !known.includes(check));
        const fixed = known.filter((check) => !result.failures.some((failure) => failure.check === check));
        note(`known and expected: ${result.failures.length - fresh.length}`);
        expect(
          fresh.length + fixed.length === 0,
          [
            ...fresh.map(({ check, why }) => `${check}: ${why}`),
            ...fixed.map((check) => `${check} passes now: remove it from known-failures.json`),
          ].join("\n"),
        );
      },
    },
  ];
});
