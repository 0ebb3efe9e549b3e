import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/** A version users may upgrade from. */
export interface InstalledRelease {
  name: string;
  /** A commit, or a tag. */
  ref: string;
  /** Features it had besides projects, files, secrets and chats. */
  has: readonly ("snapshots" | "git")[];
}

const root = join(import.meta.dirname, "../../../..");

/** Versions whose data the current one must be able to use: early commits and every release of the changelog. */
export const releases: readonly InstalledRelease[] = [
  { name: "0.1.0, 26 November, morning", ref: "e927c066f5089864ca2ac266a462dd2ebb61eaed", has: [] },
  { name: "0.1.0, 26 November, evening", ref: "ab3165ffc4061fd363650d8bdb9b68c1ba7ae867", has: ["snapshots", "git"] },
  { name: "0.1.0, 29 November", ref: "63824bda99557c178c8613d9592a446a32ca0528", has: ["snapshots", "git"] },
  ...[...readFileSync(join(root, "CHANGELOG.md"), "utf8").matchAll(/^## \[(\d+\.\d+\.\d+)\]/gm)]
    .flatMap(([, version]) => (version === undefined || version === "0.1.0" ? [] : [version]))
    .map((version): InstalledRelease => ({ name: version, ref: `v${version}`, has: ["snapshots", "git"] })),
];
const run = promisify(execFile);

/** Whether this clone contains the version; a shallow one may not. */
export const hasRelease = ({ ref }: InstalledRelease): Promise<boolean> =>
  run("git", ["-C", root, "cat-file", "-e", `${ref}^{commit}`]).then(
    () => true,
    () => false,
  );

/** The version's sources with installed packages, cached in `.studio/releases`. */
export async function installRelease({ ref }: InstalledRelease): Promise<string> {
  const { stdout } = await run("git", ["-C", root, "rev-parse", `${ref}^{commit}`]);
  const dir = join(root, ".studio/releases", stdout.trim());
  if (existsSync(dir)) return dir;
  const fresh = `${dir}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { recursive: true });
  await run("git", ["-C", root, "archive", "--format=tar", "--output", join(fresh, "sources.tar"), ref]);
  await run("tar", ["-xf", "sources.tar"], { cwd: fresh });
  await run("npm", ["ci", "--omit=dev", "--no-audit", "--no-fund", "--prefer-offline"], {
    cwd: fresh,
    env: { ...process.env, PATH: `${dirname(process.execPath)}:${process.env["PATH"] ?? ""}` },
    maxBuffer: 1 << 26,
  });
  await rename(fresh, dir);
  return dir;
}

/** Starts a version's server with test templates. Resolves when it is healthy. */
export async function startRelease(dir: string, templates: string, env: Record<string, string>): Promise<ChildProcess> {
  await rm(join(dir, "templates"), { recursive: true, force: true });
  await cp(templates, join(dir, "templates"), { recursive: true });
  let output = "";
  const child = spawn(process.execPath, [join(dir, "apps/server/src/main.ts")], {
    cwd: dir,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: `${dirname(process.execPath)}:/usr/sbin:/usr/bin:/sbin:/bin`,
      LOG_LEVEL: "warn",
      RATE_LIMIT_FACTOR: "0",
      TEMPLATE_PREPARATION: "0",
      BROWSER_DOWNLOAD: "0",
      ...env,
    },
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output = (output + text).slice(-8_000)));
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the server ended (${child.signalCode ?? child.exitCode}):\n${output}`);
    const isUp = await fetch(`http://localhost:${env["PORT"]}/health`).then(
      (answer) => answer.ok,
      () => false,
    );
    if (isUp) return child;
    await sleep(100);
  }
}
