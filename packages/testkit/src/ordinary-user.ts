import { spawnSync } from "node:child_process";

/** A user ID that no user of the machine has. */
export const ordinaryUid = 64_123;

/** Why nothing can be run here as an ordinary user whose projects have networks of their own; undefined when it can. */
export function noOrdinaryUserHere(): string | undefined {
  if (process.getuid?.() !== 0) return "only root can become another user";
  if (spawnSync("pasta", ["--version"], { env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin" } }).error)
    return "pasta (of the package passt) is not installed";
  const [file = "", ...args] = asOrdinaryUser(["test", "-r", import.meta.filename]);
  return spawnSync(file, args).status === 0 ? undefined : "an ordinary user cannot read this checkout";
}

/**
 * In a mount namespace of its own, the user has a name, and may use `/dev/net/tun` as everyone may on most machines. `/mnt` holds both
 * files; it is used because every machine has it.
 */
const becomeUser = `set -e
uid=$1; shift
mount -t tmpfs -o mode=755 ordinary-user /mnt
mknod -m 666 /mnt/tun c 10 200
mount --bind /mnt/tun /dev/net/tun
{ cat /etc/passwd; echo "ordinary:x:$uid:$uid::/nonexistent:/bin/sh"; } >/mnt/passwd
mount --bind /mnt/passwd /etc/passwd
exec setpriv --reuid "$uid" --regid "$uid" --clear-groups -- "$@"`;

/** The command that runs another one as the ordinary user, in the same process. */
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
