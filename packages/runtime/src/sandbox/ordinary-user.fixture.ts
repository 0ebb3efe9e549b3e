import { spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync } from "node:fs";
import { join } from "node:path";
import { asOrdinaryUser, ordinaryUid } from "@tesslate/testkit/ordinary-user";
import type { RuntimeDriver } from "../types.ts";
import { createRemoteDriver } from "../remote/client/driver.ts";
import { quick, token } from "../remote/remote.fixture.ts";
import type { SandboxDriverOptions } from "./driver.ts";

/** The sandbox driver in a process of the ordinary user, which ends with the driver. Its data folder becomes that user's. */
export async function openAsOrdinaryUser(
  dataDir: string,
  options: Pick<SandboxDriverOptions, "outbound" | "hostnamesBlocked"> = {},
): Promise<RuntimeDriver> {
  chownSync(dataDir, ordinaryUid, ordinaryUid);
  const program = join(import.meta.dirname, "user-runner.fixture.ts");
  const [file = "", ...args] = asOrdinaryUser([process.execPath, program, JSON.stringify({ ...options, dataDir })]);
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
}
