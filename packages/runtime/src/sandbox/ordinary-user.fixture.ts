import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync } from "node:fs";
import { join } from "node:path";
import type { RuntimeDriver } from "../types.ts";
import { createRemoteDriver } from "../remote/client/driver.ts";
import { quick, token } from "../remote/remote.fixture.ts";
import type { SandboxDriverOptions } from "./driver.ts";

interface User {
  uid: number;
  /** The command that runs another one as that user. */
  become(argv: readonly string[]): string[];
}

type DriverOptions = Pick<SandboxDriverOptions, "outbound" | "hostnamesBlocked">;

/** The sandbox driver in a process of that user, which ends with the driver. Its data folder becomes that user's. */
export const openAs =
  (user: User) =>
  async (dataDir: string, options: DriverOptions = {}): Promise<RuntimeDriver> => {
    chownSync(dataDir, user.uid, user.uid);
    const program = join(import.meta.dirname, "user-runner.fixture.ts");
    const [file = "", ...args] = user.become([process.execPath, program, JSON.stringify({ ...options, dataDir })]);
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, HOME: dataDir } });
    const [url] = (await Promise.race([
      once(child.stdout, "data"),
      once(child, "exit").then(() => Promise.reject(new Error("the runner of the ordinary user ended"))),
    ])) as [Buffer];
    const remote = await createRemoteDriver({
      url: url.toString().trim(),
      token,
      timing: { ...quick, pingMs: 10_000, pingTimeoutMs: 5_000 },
    });
    return {
      ...remote,
      name: remote.name,
      isolation: remote.isolation,
      warnings: remote.warnings,
      can: remote.can,
      async close(closing = {}) {
        await remote.close(closing);
        child.stdin.end(JSON.stringify(closing));
        if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      },
    };
  };
