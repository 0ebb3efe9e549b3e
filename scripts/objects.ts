/** Copies the files of the server between its data folder and S3; see `usage`. Exit codes: 0 done, 1 failed, 2 wrong usage, 78 invalid configuration. */
import { parseArgs } from "node:util";
import { readConfig } from "../apps/server/src/config.ts";
import { copyAllObjects } from "../apps/server/src/objects-command.ts";
import { createLogger } from "../apps/server/src/platform/logger.ts";
import { runCommand } from "./run-command.ts";

const usage = `usage: ./studio objects copy --to s3|folder

  --to s3      copies the files of the server from DATA_DIR to the bucket of OBJECTS_S3_*
  --to folder  copies them back

Compares checksums, deletes nothing, and can be repeated: it copies what is new. Run it while the server runs, and again when it has stopped:
the server then starts with the other store. docs/operations/objects.md
`;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { to: { type: "string" }, help: { type: "boolean", default: false } },
  });
  const { to } = values;
  if (values.help || positionals.join(" ") !== "copy" || (to !== "s3" && to !== "folder")) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  const abort = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => abort.abort(new Error(`The copy was ended by ${name}.`)));
  const result = await copyAllObjects({ config: readConfig(process.env), log: createLogger("error"), print, signal: abort.signal }, to);
  print(
    `Copied ${result.copied} objects (${(result.copiedBytes / 2 ** 20).toFixed(1)} MiB) from ${result.from} to ${result.to}; ${result.kept} were there already.`,
  );
  const settings = to === "s3" ? "with the settings OBJECTS_S3_*" : "without OBJECTS_S3_BUCKET";
  print(
    result.isRecorded
      ? `Start the server ${settings}. What is in ${result.from} was not deleted.`
      : `The server is running and may store more. Stop it, run this command again, then start it ${settings}.`,
  );
  return 0;
}

await runCommand(main, usage);
