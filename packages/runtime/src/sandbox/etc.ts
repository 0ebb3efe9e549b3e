import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeFolder, writeWithMode } from "../host/modes.ts";
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
  await Promise.all(
    fromHost.map(async (name) => {
      const source = join("/etc", name);
      if (!existsSync(source)) return;
      makeFolder(dirname(join(dir, name)), 0o755);
      // The thing itself where the name is a link; links below stay, they lead to /usr.
      await run(["cp", "-a", realpathSync(source), join(dir, name)]);
    }),
  );
  for (const { to, content } of ours) {
    const path = join(dir, to.slice("/etc/".length));
    makeFolder(dirname(path), 0o755);
    writeWithMode(path, content, 0o644);
  }
  // A place for each sandbox's own to be mounted on.
  writeWithMode(join(dir, "hosts"), "127.0.0.1 localhost\n", 0o644);
}
