/** Says whether the server or the runner of a data folder runs; see `usage`. Exit codes: 0 running, 3 not running, 1 failed, 2 wrong usage. */
import { execFile } from "node:child_process";
import { statfs } from "node:fs/promises";
import { parseArgs, promisify } from "node:util";
import { findRunner, findServer, type ServerState } from "../apps/server/src/platform/running-server.ts";
import { commandDataDir, runCommand } from "./run-command.ts";

const usage = `usage: ./studio status [--json] [--data-dir FOLDER]

  --json             one JSON object instead of text
  --data-dir FOLDER  the data folder of the server or the runner; default: DATA_DIR

Exit codes: 0 running, 3 not running (as of systemctl status), 1 it could not be found out.
`;

/** How long the files of the data folder are counted at most. */
const countingMs = 5000;

/** Bytes on disk, hard links once. `undefined`: there is no such folder, or counting takes too long. */
async function sizeOf(folder: string): Promise<number | undefined> {
  // It exits with 1 when it could not read some folder, or one was removed while it counted, and prints the total nevertheless.
  const stdout = await promisify(execFile)("du", ["-skx", "--", folder], { timeout: countingMs }).then(
    (done) => done.stdout,
    (error: { stdout?: string; killed?: boolean }) => (error.killed ? "" : (error.stdout ?? "")),
  );
  const kibibytes = /^\d+/.exec(stdout)?.[0];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

const formatBytes = (bytes: number): string => {
  const power = Math.min(4, Math.max(1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  return `${(bytes / 1024 ** power).toFixed(1)} ${["", "KiB", "MiB", "GiB", "TiB"][power]}`;
};

const formatMoment = (iso: string): string => `${iso.slice(0, 19).replace("T", " ")} UTC`;

function formatAge(startedAt: string): string {
  const minutes = Math.max(0, Math.floor((Date.now() - Date.parse(startedAt)) / 60_000));
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24];
  return days > 0 ? `${days} d ${hours} h` : hours > 0 ? `${hours} h ${minutes % 60} min` : `${minutes} min`;
}

const summaryOf = (found: ServerState): string =>
  found.state === "running"
    ? `Tesslate Studio is running${found.isReachable ? "" : `, in another container or on another machine (${found.server.host})`}.`
    : found.state === "busy"
      ? "Tesslate Studio is not running: it is starting, or another command uses the data folder."
      : "Tesslate Studio is not running.";

const runnerSummary = (isRunning: boolean): string =>
  `This is the data folder of a runner. The runner is ${isRunning ? "running" : "not running"}.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      json: { type: "boolean", default: false },
      "data-dir": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stderr.write(usage);
    return 0;
  }
  const dataDir = commandDataDir(process.env, values["data-dir"]);
  const found = await findServer(dataDir);
  const ofRunner = found.state === "stopped" ? await findRunner(dataDir) : undefined;
  const size = await sizeOf(dataDir);
  const free = await statfs(dataDir).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => undefined,
  );
  const server = found.state === "running" ? found.server : ofRunner?.isRunning ? ofRunner.runner : undefined;
  const pid = server?.pid ?? (found.state === "busy" ? found.holder?.pid : undefined);
  if (values.json) {
    const result = {
      kind: ofRunner ? "runner" : "server",
      state: ofRunner?.isRunning ? "running" : found.state,
      pid: pid ?? null,
      host: server?.host ?? (found.state === "busy" ? found.holder?.host : undefined) ?? null,
      address: server?.address ?? null,
      version: server?.version ?? null,
      started_at: server?.started_at ?? null,
      data_dir: dataDir,
      size_bytes: size ?? null,
      free_bytes: free ?? null,
    };
    process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  } else {
    const killed = found.state === "stopped" ? found.last : undefined;
    const folder = free === undefined ? `${dataDir} (does not exist)` : dataDir;
    const lines = {
      address: server?.address,
      pid,
      version: server?.version,
      started: server && `${formatMoment(server.started_at)} (${formatAge(server.started_at)})`,
      "last server": killed && `ended without closing (pid ${killed.pid}, started ${formatMoment(killed.started_at)}); see its log`,
      "data folder": folder,
      size:
        free === undefined
          ? undefined
          : `${size === undefined ? "unknown (too many files to count)" : formatBytes(size)}, ${formatBytes(free)} free`,
    };
    const shown = Object.entries(lines).filter(([, value]) => value !== undefined);
    process.stdout.write(
      `${[ofRunner ? runnerSummary(ofRunner.isRunning) : summaryOf(found), ...shown.map(([name, value]) => `  ${name.padEnd(12)} ${value}`)].join("\n")}\n`,
    );
  }
  return found.state === "running" || ofRunner?.isRunning ? 0 : 3;
}

await runCommand(main, usage);
