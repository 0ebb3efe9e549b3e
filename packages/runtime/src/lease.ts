import { spawn } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { keyOf } from "./host/leftovers.ts";
import { serviceRecords } from "./host/services/service.ts";
import type { MachineFacts } from "./machine-facts.ts";
import { systemPath } from "./run.ts";
import type { RuntimeDriver } from "./types.ts";

/** What the caretaker needs to know about the runtime of an ended server. */
export interface CaretakerState {
  driver: RuntimeDriver["name"];
  dataDir: string;
  docker?: { host?: string | undefined; certPath?: string | undefined; image?: string | undefined } | undefined;
  machine?: MachineFacts | undefined;
  /** State folder and short name, needed when the folder was deleted. */
  owner: { key: string; dir: string };
  /** Content of the server's lock file. */
  holder: string;
  graceMs: number;
}

/** On the command line of the process that ends services of an ended server: a starting server waits for it. */
export const caretakerName = "studio-caretaker";

/** Whether services of the state folder run, or ran when the last server ended. */
export const hasServices = (dir: string): boolean => serviceRecords(dir).length > 0;

/** Waits for the end of the server by reading its standard input. A shell, because it waits as long as the server lives. */
const waitScript = `read -r _
exec "$@"`;

const caretaker = ["./caretaker.ts", "./caretaker.js"].map((name) => join(import.meta.dirname, name)).find((path) => existsSync(path));

/**
 * Services outlive their server so that the next one adopts them. When none does within `graceMs` (whole seconds) they are stopped,
 * however the server ended: they could not be reached, frozen or stopped otherwise. Services of deleted folders are ended at once.
 */
export function withCaretaker(
  driver: RuntimeDriver,
  { state, graceMs }: { state: Pick<CaretakerState, "driver" | "dataDir" | "docker" | "machine">; graceMs: number },
): RuntimeDriver {
  if (caretaker === undefined) return driver;
  const dataDir = resolve(state.dataDir);
  const dir = realpathSync(join(dataDir, "runtime"));
  const whole: CaretakerState = {
    ...state,
    dataDir,
    owner: { key: keyOf(dir), dir },
    holder: readFileSync(join(dir, "lock"), "utf8"),
    graceMs,
  };
  const waiting = spawn(
    "/bin/sh",
    ["-c", waitScript, caretakerName, process.execPath, caretaker, caretakerName, JSON.stringify(whole)],
    // Its own session, so that it does not receive the terminal's interrupt.
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
