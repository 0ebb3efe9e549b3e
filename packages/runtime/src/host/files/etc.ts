import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder, writeWithMode } from "./modes.ts";
import { run } from "../../run.ts";

/** Files of the host's `/etc` that programs may see. */
const fromHost = [
  "alternatives",
  "ssl/certs",
  "ssl/openssl.cnf",
  "ld.so.cache",
  "nsswitch.conf",
  "localtime",
  "mime.types",
  "protocols",
  "services",
];

/**
 * Writes the `/etc` of all sandboxes: copies of some host files, and our own. One folder to mount instead of one mount per file, each of
 * which would add a millisecond to a start. `dir` is new.
 */
export async function writeEtc(dir: string, ours: readonly { to: string; content: string }[]): Promise<void> {
  makeFolder(dir, 0o755);
  // Dereference named links; links inside stay, they lead to /usr.
  const there = fromHost.filter((name) => existsSync(join("/etc", name)));
  if (there.length > 0) await run(["cp", "-aH", "--parents", ...there, dir], { cwd: "/etc" });
  for (const { to, content } of ours) {
    const path = join(dir, to.slice("/etc/".length));
    makeFolder(dirname(path), 0o755);
    writeWithMode(path, content, 0o644);
  }
  // Mount point for each sandbox's own file.
  writeWithMode(join(dir, "hosts"), "127.0.0.1 localhost\n", 0o644);
}

/** User database inside: the project's user, whatever its uid outside. */
export const accounts = (uid: number) => [
  {
    to: "/etc/passwd",
    content: `root:x:0:0:root:/root:/usr/sbin/nologin\napp:x:${uid}:${uid}:app:/home/app:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
  },
  { to: "/etc/group", content: `root:x:0:\napp:x:${uid}:\nnogroup:x:65534:\n` },
];

/** The host's DNS servers; behind a local stub, the upstream servers. */
export function findResolvers(): string[] {
  for (const file of ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"]) {
    const found = [...(readIfThere(file) ?? "").matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)].map((m) => m[1] as string);
    const usable = found.filter((ip) => !ip.startsWith("127."));
    if (usable.length > 0) return usable;
  }
  return [];
}

/** `undefined` when it does not exist or is not readable. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
