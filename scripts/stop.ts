/** Stops the server of a data folder; see `usage`. Exit codes: 0 stopped or not running, 1 failed, 2 wrong usage. */
import { parseArgs } from "node:util";
import { stopServer } from "../apps/server/src/platform/running-server.ts";
import { commandDataDir, runCommand } from "./run-command.ts";

const usage = `usage: ./studio stop [--data-dir FOLDER]

  --data-dir FOLDER  the data folder of the server; default: DATA_DIR

Waits until the server has ended, at most 25 seconds. Apps of projects keep running for ORPHANED_STOP_MINUTES, or until the next start.
One of several servers (SERVER_ADDRESS) first hands over its projects to the others, which may take a minute.
`;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { "data-dir": { type: "string" }, help: { type: "boolean", default: false } } });
  if (values.help) {
    process.stderr.write(usage);
    return 0;
  }
  const dataDir = commandDataDir(process.env, values["data-dir"]);
  let progress: NodeJS.Timeout | undefined;
  const stopped = await stopServer(dataDir, {
    onStopping: ({ pid, address }) => {
      print(`Stopping the server at ${address} (pid ${pid}) …`);
      const started = Date.now();
      progress = setInterval(() => print(`Still stopping after ${Math.round((Date.now() - started) / 1000)} s …`), 5000);
    },
  }).finally(() => clearInterval(progress));
  if (!stopped) {
    print(`No server is running. Data folder: ${dataDir}`);
    return 0;
  }
  const { server, isClosed, durationMs } = stopped;
  if (!isClosed) throw new Error("The server ended before everything was closed. Its log says what was not; the next start continues.");
  const minutes = server.orphaned_stop_minutes;
  const until = minutes === null ? "until the next start" : `for ${minutes} minutes, or until the next start`;
  const projects = server.is_one_of_several ? "The other servers take over its projects." : `Running apps of projects continue ${until}.`;
  print(`Stopped after ${(durationMs / 1000).toFixed(1)} s. ${projects}`);
  return 0;
}

await runCommand(main, usage);
