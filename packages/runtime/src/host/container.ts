import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join, relative } from "node:path";

/**
 * Whether this process runs in a container of Docker, Podman or Kubernetes: they mount its names. Marker files such as `/.dockerenv` are
 * also on machines that were made from an image.
 */
export const isInContainer = (mountinfo = readFileSync("/proc/self/mountinfo", "utf8")): boolean =>
  / \/etc\/host(?:s|name) /.test(mountinfo);

interface MountPoint {
  /** `major:minor` of the device. */
  device: string;
  /** What of the device's file system is mounted. */
  root: string;
  path: string;
}

/** The mount point that a path is on, from `/proc/self/mountinfo`. */
export function mountOf(path: string, mountinfo = readFileSync("/proc/self/mountinfo", "utf8")): MountPoint | undefined {
  const unescape = (text = "") => text.replaceAll(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 8)));
  let found: MountPoint | undefined;
  for (const line of mountinfo.split("\n")) {
    const [, , device = "", root, target] = line.split(" ");
    const at = unescape(target);
    if (at === "" || !(path === at || path.startsWith(at === "/" ? "/" : `${at}/`))) continue;
    // The last of several at one path covers the others.
    if (found === undefined || at.length >= found.path.length) found = { device, root: unescape(root), path: at };
  }
  return found;
}

/** Where what a path is on is mounted, also of one that does not exist yet; `/` for what belongs to a container itself. */
export function findMountPoint(path: string): string {
  const existing = existsSync(path) ? realpathSync(path) : undefined;
  if (existing === undefined && dirname(path) !== path) return findMountPoint(dirname(path));
  return mountOf(existing ?? path)?.path ?? "/";
}

/** Names a folder of a container by device and path of its mount, which no other container has unless they share the folder. */
export function placeOutside(dir: string, mountinfo?: string): string {
  const mount = mountOf(dir, mountinfo);
  return mount ? `${mount.device} ${join(mount.root, relative(mount.path, dir))}` : dir;
}

/**
 * Options of `docker run` without which a container cannot create sandboxes. `read`: a file of `/proc`, if it can be read.
 * `allowsUserNamespaces`: they are not what is refused.
 */
export function missingFlags(
  read: (path: string) => string | undefined,
  { allowsUserNamespaces }: { allowsUserNamespaces: boolean },
): string[] {
  const flags: string[] = [];
  // 2: some filter; the shipped one allows user namespaces.
  if (!allowsUserNamespaces && /^Seccomp:\s*2$/m.test(read("/proc/self/status") ?? ""))
    flags.push("--security-opt seccomp=deploy/docker/seccomp.json");
  if (/enforce/.test(read("/proc/self/attr/current") ?? "")) flags.push("--security-opt apparmor=unconfined");
  // What engines hide in /proc, which a new /proc would show.
  if (/ \/proc\/\S+ /.test(read("/proc/self/mountinfo") ?? "")) flags.push("--security-opt systempaths=unconfined");
  return flags;
}

/** Whether this process has a capability, by its number; true where that is not known. `status`: of `/proc/self/status`. */
export function hasCapability(number: number, status: string | undefined): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status ?? "")?.[1];
  return effective === undefined || ((BigInt(`0x${effective}`) >> BigInt(number)) & 1n) === 1n;
}
