/** Restores a backup; see `usage`. Exit codes: 0 done, 1 failed, 2 wrong usage, 78 invalid configuration. */
import { parseArgs } from "node:util";
import { restore, restoreProject, type CommandContext } from "../apps/server/src/backup-command.ts";
import { readConfig } from "../apps/server/src/config.ts";
import { createLogger } from "../apps/server/src/platform/logger.ts";
import { runCommand } from "./run-command.ts";

const usage = `usage: ./studio restore TARGET [--at ID] [--data-dir FOLDER] [--passphrase-file FILE] [--force]
       ./studio restore TARGET [--at ID] --project SLUG --to FOLDER

  TARGET                  a folder, or s3://bucket/prefix
  --at ID                 the backup to restore; default: the newest (./studio backup --list TARGET)
  --data-dir FOLDER       an empty folder; default: DATA_DIR. With DATABASE_URL, that database must be empty, too
  --passphrase-file FILE  file with the passphrase of the backup, to restore the keys of the server
  --force                 moves the content of the data folder aside, and replaces the database
  --project SLUG          only the files of one project (slug or id), into a new folder; can be imported as a new project
`;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      at: { type: "string" },
      "data-dir": { type: "string" },
      "passphrase-file": { type: "string" },
      project: { type: "string" },
      to: { type: "string" },
      force: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const [target = ""] = positionals;
  const { at, project, to } = values;
  if (!values.help && positionals.length === 0) {
    process.stderr.write("Name the target that has the backups: a folder, or s3://bucket/prefix.\n");
    return 2;
  }
  if (values.help || positionals.length > 1 || (project === undefined) !== (to === undefined)) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  const dataDir = values["data-dir"];
  const config = readConfig({ ...process.env, ...(dataDir !== undefined && { DATA_DIR: dataDir }) });
  const abort = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => abort.abort(new Error(`The restore was ended by ${name}.`)));
  const context: CommandContext = {
    config,
    environment: process.env,
    log: createLogger("error"),
    print: (line) => print(`${line} …`),
    signal: abort.signal,
  };
  if (project !== undefined && to !== undefined) {
    const { name, manifest } = await restoreProject(context, { target, at, project, folder: to });
    print(`The files of ${name} as of ${manifest.started_at} are in ${to}. Import that folder to make a project of it.`);
    return 0;
  }
  const started = Date.now();
  const result = await restore(context, { target, at, isForced: values.force, passphraseFile: values["passphrase-file"] });
  const { manifest } = result;
  print(
    `Restored ${manifest.id} (version ${manifest.version}): ${counted(manifest.projects.length, "project")}, ${counted(manifest.file_count, "file")}, in ${((Date.now() - started) / 1000).toFixed(1)} s.`,
  );
  if (result.movedTo !== undefined) print(`What was in ${result.dataDir} is in ${result.movedTo}.`);
  if (result.settingsFile !== undefined)
    print(`Secret settings of the backup are in ${result.settingsFile}. Copy what you need into .env, then delete the file.`);
  const changed = Object.entries(manifest.settings).filter(
    ([name, value]) => (process.env[name]?.trim() ?? "") !== value && name !== "DATA_DIR",
  );
  if (changed.length > 0) print(`Settings of the backup that differ here: ${changed.map(([name, value]) => `${name}=${value}`).join(" ")}`);
  print("");
  print("Next:");
  if (!result.hasKeys)
    print(
      "  - Set SECRET_KEY, and DEPLOYMENT_ENCRYPTION_KEY if there was one, to the values of the original, or copy secret.key and sealing.keys into the data folder. The server does not start with other keys.",
    );
  if (manifest.objects)
    print(
      `  - The files of the server are in ${manifest.objects}, not in the backup. Set OBJECTS_S3_* to that bucket: this installation deletes nothing in it until ./studio claim.`,
    );
  if (dataDir !== undefined) print(`  - Set DATA_DIR=${result.dataDir}.`);
  print("  - Start the server: ./studio up. If the original still runs on this machine, set another PORT.");
  print(
    "  - If this installation replaces the original, run ./studio claim. Until then it makes no scheduled backups. Do not run it in a test.",
  );
  return 0;
}

await runCommand(main, usage);
