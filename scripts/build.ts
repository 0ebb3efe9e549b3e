/**
 * Builds the server bundle (apps/server/dist) and the web UI (apps/web/dist), and packs the client (.studio/packages). `--if-needed`: only when a
 * source is newer than the last build, and without the client.
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, globSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const server = join(root, "apps/server");
const stamp = join(root, ".studio/built");

function isUpToDate(): boolean {
  const built = statSync(stamp, { throwIfNoEntry: false })?.mtimeMs;
  if (built === undefined || !existsSync(join(server, "dist/main.js"))) return false;
  const sources = globSync(["{apps,packages,templates}/**/*", "package-lock.json", "scripts/build.ts"], {
    cwd: root,
    withFileTypes: true,
    exclude: (entry) => ["node_modules", "dist", "testing"].includes(entry.name) || /\.test\.tsx?$/.test(entry.name),
  });
  return sources.every((entry) => !entry.isFile() || statSync(join(entry.parentPath, entry.name)).mtimeMs <= built);
}
if (process.argv.includes("--if-needed")) {
  if (isUpToDate()) process.exit(0);
  process.stderr.write("Building …\n");
}
// Take the time before building, so that changes during the build trigger the next one.
const startedAt = new Date();
const { bundle } = await import("./bundle.ts");

rmSync(join(server, "dist"), { recursive: true, force: true });
await bundle({
  root,
  entryPoints: {
    main: "apps/server/src/main.ts",
    backup: "scripts/backup.ts",
    runner: "scripts/runner.ts",
    caretaker: "packages/runtime/src/caretaker.ts",
    connector: "packages/runtime/src/sandbox/connector.ts",
    "readable-worker": "apps/server/src/features/agent/web/readable.worker.ts",
    ...(existsSync(join(root, "packages/testkit/src/demo/server.ts")) && { "demo-model": "packages/testkit/src/demo/server.ts" }),
  },
  outdir: join(server, "dist"),
});
// Read at run time, beside the module that reads them.
for (const [from, to] of [
  ["apps/server/migrations", "migrations"],
  ["apps/server/src/features/runtime/databases/sqlite/sqlite-program.js", "sqlite-program.js"],
] as const)
  if (existsSync(join(root, from))) cpSync(join(root, from), join(server, "dist", to), { recursive: true });

if (existsSync(join(root, "apps/web/vite.config.ts")))
  execFileSync(join(root, "node_modules/.bin/vite"), ["build", "--logLevel", "warn"], { cwd: join(root, "apps/web"), stdio: "inherit" });
if (!process.argv.includes("--if-needed")) {
  const { packClient } = await import("./pack-client.ts");
  process.stdout.write(`${await packClient(join(root, ".studio/packages"))}\n`);
}
mkdirSync(join(root, ".studio"), { recursive: true });
writeFileSync(stamp, "");
utimesSync(stamp, startedAt, startedAt);
