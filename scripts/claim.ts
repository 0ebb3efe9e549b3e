/** Confirms a restored installation; see `usage`. Exit codes: 0 done, 1 failed, 2 wrong usage, 78 invalid configuration. */
import { parseArgs } from "node:util";
import { claimInstallation } from "../apps/server/src/claim-command.ts";
import { readConfig } from "../apps/server/src/config.ts";
import { createLogger } from "../apps/server/src/platform/logger.ts";
import { runCommand } from "./run-command.ts";

const usage = `usage: ./studio claim

Says that this restored installation replaces the original, which must not run any more. Until then a restored installation deletes no objects
in the bucket of OBJECTS_S3_* and makes no scheduled backups. The server can keep running. docs/operations/backup.md#after-a-restore
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { help: { type: "boolean", default: false } } });
  if (values.help || positionals.length > 0) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  const bucket = await claimInstallation({ config: readConfig(process.env), log: createLogger("error") });
  process.stdout.write(
    bucket === undefined
      ? "This installation replaces the original: it makes scheduled backups.\n"
      : `This installation replaces the original: it makes scheduled backups, and ${bucket} belongs to it. Do not start the original again.\n`,
  );
  return 0;
}

await runCommand(main, usage);
