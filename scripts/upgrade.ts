/** `./studio upgrade`: what an upgrade to this version would find, one line each: `ok`, `!!` (do something first) or `XX` (does not start). */
import { join } from "node:path";
import { ConfigError, readConfig } from "../apps/server/src/config.ts";
import { createLogger } from "../apps/server/src/platform/logger.ts";
import { checkUpgrade, type UpgradeFinding } from "../apps/server/src/upgrade-check.ts";

const usage = `usage: ./studio upgrade --check
       ./studio upgrade --migrate

  Run it in the checkout of the new version, with the settings of the server: it compares version, database, disk, keys and settings, and
  changes nothing. Exit code 1 when this version would not start on the data. docs/operations/upgrading.md says how to upgrade.

  --migrate checks the same and then migrates the database, which the new version otherwise does when it starts. Several servers may run
  meanwhile (SERVER_ADDRESS), a single one may not.
`;

async function main(): Promise<number> {
  const mode = process.argv.slice(2).join(" ");
  if (mode !== "--check" && mode !== "--migrate") {
    process.stderr.write(usage);
    return 2;
  }
  const print = ({ mark, name, detail }: UpgradeFinding) => void process.stdout.write(`${mark}  ${name.padEnd(9)} ${detail}\n`);
  const config = (() => {
    try {
      return readConfig(process.env);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const problem of error.problems) print({ mark: "XX", name: "settings", detail: problem });
      return undefined;
    }
  })();
  if (!config) return 1;
  const findings = await checkUpgrade(config, {
    envFile: join(import.meta.dirname, "../.env"),
    environment: process.env,
    log: createLogger("error"),
    migrates: mode === "--migrate",
  });
  findings.forEach(print);
  return findings.some(({ mark }) => mark === "XX") ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
