import { spawn } from "node:child_process";
import { existsSync, globSync, readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { serviceNote } from "./host/service.ts";
import { systemPath } from "./run.ts";
import type { RuntimeDriver } from "./types.ts";

/** What the caretaker needs to open the runtime of a server that is gone. */
export interface Estate {
  driver: RuntimeDriver["name"];
  dataDir: string;
  docker?: { host?: string | undefined; certPath?: string | undefined; image?: string | undefined } | undefined;
}

/** On the command line of what ends the services of a server that is gone: whoever starts meanwhile waits for it. */
export const caretakerName = "studio-caretaker";

/** Whether services of the data folder run, or did when nobody looked any more. */
export const hasServices = ({ dataDir }: Pick<Estate, "dataDir">): boolean =>
  globSync([`sandboxes/*/services/*/${serviceNote}`, `images/{*,.*}/services/*/${serviceNote}`], { cwd: join(dataDir, "runtime") }).length >
  0;

/**
 * Waits for the end of the server, which it hears by its standard input, and then for somebody who takes over. Arguments: the state folder,
 * what the server's lock says, seconds, the program that ends the services. A shell, because it waits as long as the server lives.
 */
const waitScript = `dir=$1 mine=$2 left=$3; shift 3
read -r _
while [ "$left" -gt 0 ]; do
  [ -d "$dir" ] || exit 0
  holder=
  [ ! -f "$dir/lock" ] || read -r holder < "$dir/lock"
  [ -z "$holder" ] || [ "$holder" = "$mine" ] || exit 0
  sleep 1
  left=$((left - 1))
done
[ -d "$dir" ] || exit 0
exec "$@"`;

const caretaker = ["./caretaker.ts", "./caretaker.js"].map((name) => join(import.meta.dirname, name)).find((path) => existsSync(path));

/**
 * Services outlive their server so that the next one takes them over. When none comes within `graceMs` (whole seconds) they are ended as by a
 * stop, however the server ended: nobody could reach, freeze or stop them any more.
 */
export function keepLease(driver: RuntimeDriver, { estate, graceMs }: { estate: Estate; graceMs: number }): RuntimeDriver {
  if (caretaker === undefined) return driver;
  const dir = realpathSync(join(estate.dataDir, "runtime"));
  const waiting = spawn(
    "/bin/sh",
    // prettier-ignore
    ["-c", waitScript, caretakerName, dir, readFileSync(join(dir, "lock"), "utf8"), String(Math.ceil(graceMs / 1000)),
      process.execPath, caretaker, caretakerName, JSON.stringify({ ...estate, dataDir: resolve(estate.dataDir) })],
    // A session of its own: an interrupt at the terminal is not meant for it.
    { cwd: "/", stdio: ["pipe", "ignore", "ignore"], detached: true, env: { PATH: systemPath, HOME: homedir() } },
  );
  waiting.unref();
  (waiting.stdin as unknown as { unref(): void } | null)?.unref();
  waiting.on("error", () => {}); // without a shell nothing else works either
  return {
    ...driver,
    async close(options = {}) {
      await driver.close(options);
      if (options.leaveRunning && hasServices(estate)) waiting.stdin?.end();
      else waiting.kill();
    },
  };
}
