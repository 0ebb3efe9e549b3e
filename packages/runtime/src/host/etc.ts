import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder, writeWithMode } from "./modes.ts";
import { run } from "../run.ts";

/** What programs look for in `/etc` and may know of this host. */
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
 * Lays the `/etc` of all sandboxes: a copy of a few of the host's files, and ours. One folder to mount instead of a mount per
 * file, each of which would cost a start a millisecond. `dir` is new.
 */
export async function layEtc(dir: string, ours: readonly { to: string; content: string }[]): Promise<void> {
  makeFolder(dir, 0o755);
  // The thing itself where the name is a link; links below stay, they lead to /usr.
  const there = fromHost.filter((name) => existsSync(join("/etc", name)));
  if (there.length > 0) await run(["cp", "-aH", "--parents", ...there, dir], { cwd: "/etc" });
  for (const { to, content } of ours) {
    const path = join(dir, to.slice("/etc/".length));
    makeFolder(dirname(path), 0o755);
    writeWithMode(path, content, 0o644);
  }
  // A place for each sandbox's own to be mounted on.
  writeWithMode(join(dir, "hosts"), "127.0.0.1 localhost\n", 0o644);
}

/** Who is who inside: the project's program, whatever its uid outside. */
export const accounts = (uid: number) => [
  {
    to: "/etc/passwd",
    content: `root:x:0:0:root:/root:/usr/sbin/nologin\napp:x:${uid}:${uid}:app:/home/app:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
  },
  { to: "/etc/group", content: `root:x:0:\napp:x:${uid}:\nnogroup:x:65534:\n` },
];

/** The host's DNS servers; behind a local stub, those it asks. */
export function findResolvers(): string[] {
  for (const file of ["/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"]) {
    const found = [...(readIfThere(file) ?? "").matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/gm)].map((m) => m[1] as string);
    const usable = found.filter((ip) => !ip.startsWith("127."));
    if (usable.length > 0) return usable;
  }
  return [];
}

/** `undefined` where there is none, or it is not ours to read. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
