/** Checks the requirements of this host, one line each: `ok`, `!!` (limited) or `XX` (broken), with advice. Exit code 1 when something is broken. */
import { fork } from "node:child_process";
import { join, resolve } from "node:path";
import { ConfigError, readConfig } from "../apps/server/src/config.ts";
import { checks } from "./doctor/checks.ts";
import { runChecks, type Report } from "./doctor/run-checks.ts";

let broken = 0;
const report: Report = (mark, what, detail) => {
  if (mark === "XX") broken += 1;
  console.log(`${mark}  ${what.padEnd(16)} ${detail}`);
};

report(Number(process.versions.node.split(".")[0]) >= 24 ? "ok" : "XX", "node", process.version);
const config = (() => {
  try {
    return readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) report("XX", "configuration", problem);
    process.exit(1);
  }
})();
report("ok", "configuration", `${config.http.appBaseUrl}, previews under ${config.http.previewDomain}`);

const dataDir = resolve(config.dataDir);
await runChecks(
  checks.map(({ what, seconds, subject }) => ({ what, seconds, subject: subject(config, dataDir) })),
  {
    start: (names) =>
      fork(join(import.meta.dirname, "doctor-process.ts"), names, { execArgv: [], stdio: ["ignore", "inherit", "inherit", "ipc"] }),
    report,
  },
);
process.exit(broken === 0 ? 0 : 1);
