import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chownSync } from "node:fs";
import { join } from "node:path";
import { systemPath } from "../run.ts";
import type { RuntimeDriver } from "../types.ts";
import { createRemoteDriver } from "../remote/client/driver.ts";
import { quick, token } from "../remote/remote.fixture.ts";
import type { SandboxDriverOptions } from "./driver.ts";

/** A user ID that no entry of the machine's user database has. */
export const ordinaryUid = 64_123;

/** Why nothing can be run here as an ordinary user with networks of its own; undefined when it can. */
export function noOrdinaryUserHere(): string | undefined {
  if (process.getuid?.() !== 0) return "only root can become another user";
  const found = spawnSync("pasta", ["--version"], { env: { PATH: systemPath } });
  return found.error ? "pasta (of the package passt) is not installed" : undefined;
}

/** On most machines everyone may use `/dev/net/tun`; where it is closed, only this program sees an open one. */
const becomeUser = `set -e
uid=$1; shift
mount -t tmpfs -o mode=755 open-tun /mnt
mknod -m 666 /mnt/tun c 10 200
mount --bind /mnt/tun /dev/net/tun
exec setpriv --reuid "$uid" --regid "$uid" --clear-groups -- "$@"`;

/** The command that runs another one as the ordinary user. */
export const asOrdinaryUser = (argv: readonly string[]): string[] => [
  "unshare",
  "--mount",
  "sh",
  "-c",
  becomeUser,
  "sh",
  String(ordinaryUid),
  ...argv,
];

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
