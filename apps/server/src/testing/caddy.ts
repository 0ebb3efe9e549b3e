import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "./temporary.ts";

const run = promisify(execFile);

/** Caddy of this machine, or of its distribution's package, unpacked into a temporary folder. */
export async function findCaddy(): Promise<string | undefined> {
  const known = [process.env["CADDY_PATH"], "/usr/bin/caddy", "/usr/local/bin/caddy"].find((path) => path && existsSync(path));
  if (known) return known;
  const dir = temporaryFolder("caddy");
  try {
    await run("apt-get", ["download", "caddy"], { cwd: dir, timeout: 120_000 });
    const file = (await readdir(dir)).find((name) => name.endsWith(".deb"));
    if (file === undefined) return undefined;
    await run("dpkg", ["-x", file, "."], { cwd: dir });
    return join(dir, "usr/bin/caddy");
  } catch {
    return undefined;
  }
}
