import { spawn } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { keyOf } from "./host/leftovers.ts";
import { serviceNotes } from "./host/service.ts";
import type { MachineFacts } from "./machine.ts";
import { systemPath } from "./run.ts";
import type { RuntimeDriver } from "./types.ts";

/** What the caretaker needs to know of the runtime of a server that is gone. */
export interface Estate {
  driver: RuntimeDriver["name"];
  dataDir: string;
  docker?: { host?: string | undefined; certPath?: string | undefined; image?: string | undefined } | undefined;
  machine?: MachineFacts | undefined;
  /** The state folder and its short name: they are needed when the folder is gone. */
  owner: { key: string; dir: string };
  /** What the server's lock says. */
  holder: string;
  graceMs: number;
}

/** On the command line of what ends the services of a server that is gone: whoever starts meanwhile waits for it. */
export const caretakerName = "studio-caretaker";

/** Whether services of the state folder run, or did when nobody looked any more. */
export const hasServices = (dir: string): boolean => serviceNotes(dir).length > 0;

/** Waits for the end of the server, which it hears by its standard input. A shell, because it waits as long as the server lives. */
const waitScript = `read -r _
exec "$@"`;

const caretaker = ["./caretaker.ts", "./caretaker.js"].map((name) => join(import.meta.dirname, name)).find((path) => existsSync(path));

/**
 * Services outlive their server so that the next one takes them over. When none comes within `graceMs` (whole seconds) they are ended as by a
 * stop, however the server ended: nobody could reach, freeze or stop them any more. Those whose folder is deleted meanwhile are ended at once.
 */
export function keepLease(
  driver: RuntimeDriver,
  { estate, graceMs }: { estate: Pick<Estate, "driver" | "dataDir" | "docker" | "machine">; graceMs: number },
): RuntimeDriver {
  if (caretaker === undefined) return driver;
  const dataDir = resolve(estate.dataDir);
  const dir = realpathSync(join(dataDir, "runtime"));
  const whole: Estate = { ...estate, dataDir, owner: { key: keyOf(dir), dir }, holder: readFileSync(join(dir, "lock"), "utf8"), graceMs };
  const waiting = spawn(
    "/bin/sh",
    ["-c", waitScript, caretakerName, process.execPath, caretaker, caretakerName, JSON.stringify(whole)],
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
      if (options.leaveRunning && hasServices(dir)) waiting.stdin?.end();
      else waiting.kill();
    },
  };
}
