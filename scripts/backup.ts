/** Backs up this installation; see `usage`. Exit codes: 0 done, 1 failed or damaged, 2 wrong usage, 3 not made because this may be a copy (--scheduled), 78 invalid configuration. */
import { parseArgs } from "node:util";
import { backUp, openBackups, pruneBackups, recordFailure, verifyBackups, type CommandContext } from "../apps/server/src/backup-command.ts";
import { readConfig } from "../apps/server/src/config.ts";
import { leftOutExitCode, UnconfirmedCopyError } from "../apps/server/src/features/operations/backup/index.ts";
import { createLogger } from "../apps/server/src/platform/logger.ts";
import { runCommand } from "./run-command.ts";

const usage = `usage: ./studio backup TARGET [--passphrase-file FILE]
       ./studio backup --list TARGET
       ./studio backup --verify TARGET
       ./studio backup --prune [--keep-daily N] [--keep-weekly N] TARGET

  TARGET                  a folder outside of DATA_DIR, or s3://bucket/prefix; default: BACKUP_TARGET
  --passphrase-file FILE  adds the keys of the server, encrypted with the passphrase in FILE; default: BACKUP_PASSPHRASE_FILE
  --list                  lists the backups in TARGET
  --verify                reads every backup in TARGET back and compares checksums
  --prune                 deletes backups that no rule keeps: the newest of each of the last N days (7) and weeks (4)

The server can keep running. ./studio restore restores a backup.
`;

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? "" : "s"}`;
const mebibytes = (bytes: number) => (bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`);

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: "boolean", default: false },
      verify: { type: "boolean", default: false },
      prune: { type: "boolean", default: false },
      "keep-daily": { type: "string" },
      "keep-weekly": { type: "string" },
      "passphrase-file": { type: "string" },
      scheduled: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const config = readConfig(process.env);
  const target = positionals[0] ?? config.backups.target ?? "";
  const counts = [values["keep-daily"], values["keep-weekly"]];
  const modes = [values.list, values.verify, values.prune, values.scheduled].filter(Boolean).length;
  if (values.help || positionals.length > 1 || modes > 1 || counts.some((n) => n !== undefined && !/^\d+$/.test(n))) {
    process.stderr.write(usage);
    return values.help ? 0 : 2;
  }
  if (target === "") {
    process.stderr.write("Name a target, or set BACKUP_TARGET: a folder outside of DATA_DIR, or s3://bucket/prefix.\n");
    return 2;
  }
  const rules = {
    keepDaily: Number(values["keep-daily"] ?? config.backups.keepDaily),
    keepWeekly: Number(values["keep-weekly"] ?? config.backups.keepWeekly),
  };
  if (values.list) {
    const backups = await (await openBackups(target, config)).list();
    for (const { id, version, file_count, file_bytes, database, added_bytes, projects, keys, warnings, is_scheduled } of backups)
      print(
        `${id}  ${version}  ${counted(projects.length, "project")}, ${counted(file_count, "file")}, ${mebibytes(file_bytes + database.bytes)}, added ${mebibytes(added_bytes)}${keys ? ", with keys" : ", without keys"}${is_scheduled ? ", scheduled" : ""}${warnings.length > 0 ? `, ${counted(warnings.length, "warning")}` : ""}`,
      );
    if (backups.length === 0) print(`There are no backups in ${target}.`);
    return 0;
  }
  if (values.verify) {
    const { backups, problems } = await verifyBackups(await openBackups(target, config));
    for (const problem of problems) print(problem);
    print(problems.length > 0 ? `${target} is damaged.` : `Checked ${counted(backups, "backup")}: everything is there and unchanged.`);
    return problems.length > 0 ? 1 : 0;
  }
  const prune = async (keepsManual: boolean) => {
    const { kept, removed, freedBytes } = await pruneBackups(await openBackups(target, config), { ...rules, keepsManual });
    print(`Kept ${counted(kept, "backup")}, deleted ${removed.length}, ${mebibytes(freedBytes)} freed.`);
  };
  if (values.prune) {
    await prune(false);
    return 0;
  }
  const abort = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => abort.abort(new Error(`The backup was ended by ${name}.`)));
  const context: CommandContext = {
    config,
    environment: process.env,
    log: createLogger("error"),
    print: (line) => print(`${line} …`),
    signal: abort.signal,
  };
  const started = Date.now();
  const made = await backUp(context, {
    target,
    passphraseFile: values["passphrase-file"] ?? config.backups.passphraseFile,
    isScheduled: values.scheduled,
  }).catch(async (error: unknown) => {
    if (values.scheduled) await recordFailure(config, error);
    if (error instanceof UnconfirmedCopyError) return error;
    throw error;
  });
  if (made instanceof UnconfirmedCopyError) {
    process.stderr.write(`${made.message}\n`);
    return leftOutExitCode;
  }
  const manifest = made;
  // The server logs what a scheduled backup says there.
  const warn = (warning: string) => (values.scheduled ? void process.stderr.write(`${warning}\n`) : print(`! ${warning}`));
  manifest.warnings.forEach(warn);
  if (manifest.objects)
    print(`! The files of the server are in ${manifest.objects} and not in the backup. Protect the bucket by versioning or replication.`);
  if (!manifest.keys)
    print(
      "! The backup does not contain the keys of the server. Keep SECRET_KEY and DEPLOYMENT_ENCRYPTION_KEY, or secret.key and sealing.keys of DATA_DIR, in another safe place, or pass --passphrase-file.",
    );
  print(
    `Backup ${manifest.id}: ${counted(manifest.projects.length, "project")}, ${counted(manifest.file_count, "file")}, ${mebibytes(manifest.file_bytes + manifest.database.bytes)}; added ${mebibytes(manifest.added_bytes)} in ${((Date.now() - started) / 1000).toFixed(1)} s.`,
  );
  if (values.scheduled) await prune(true);
  return 0;
}

await runCommand(main, usage);
