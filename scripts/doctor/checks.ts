import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { createRuntime, findDockerEngine } from "@tesslate/runtime";
import { adviceToInstall, isContainerImage } from "../../apps/server/src/platform/container-image.ts";
import { userNameProblem } from "../../apps/server/src/platform/postgres/os-user.ts";
import { BackupError } from "../../apps/server/src/features/operations/backup/index.ts";
import { checkBackupTarget } from "../../apps/server/src/backup-command.ts";
import { findServer } from "../../apps/server/src/platform/running-server.ts";
import { openObjects } from "../../apps/server/src/platform/objects/index.ts";
import type { Config } from "../../apps/server/src/config.ts";
import { createBrowserPackage, packageProblem } from "../../apps/server/src/features/agent/verify/browser-package.ts";
import { configuredProviders } from "../../apps/server/src/features/accounts/auth/index.ts";
import { signUpProblem } from "../../apps/server/src/features/accounts/users/index.ts";
import { kubernetesOptions, readRemoteOptions } from "../../apps/server/src/runner-options.ts";
import { isolationLines } from "./isolation.ts";
import { programsOf, runsProjectsHere } from "./programs.ts";
import { findChromium } from "../../apps/server/src/features/agent/verify/chromium.ts";
import type { Report } from "./run-checks.ts";

const firstLine = (command: string, args: string[]) => {
  try {
    return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 5000 }).split("\n")[0] ?? "";
  } catch {
    return undefined;
  }
};

/** Whether this user can read and write the file. */
const isUsable = (file: string): boolean => {
  try {
    accessSync(file, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
};

interface Check {
  /** As it is shown. */
  what: string;
  /** After this time it is killed. */
  seconds: number;
  /** What a check that did not end is about. */
  subject(config: Config, dataDir: string): string;
  run(report: Report, config: Config, dataDir: string): Promise<void>;
}

const checkPort: Check["run"] = async (report, config, dataDir) => {
  const isFree = await new Promise<boolean>((done) => {
    const server = createServer().once("error", () => done(false));
    server.listen(config.http.port, config.http.host, () => server.close(() => done(true)));
  });
  if (isFree) return report("ok", "port", `${config.http.port} is free`);
  // A running server reports its own checks.
  const { host } = config.http;
  const local = ["0.0.0.0", "::"].includes(host) ? "localhost" : host.includes(":") ? `[${host}]` : host;
  const ready = await fetch(`http://${local}:${config.http.port}/ready`, { signal: AbortSignal.timeout(5000) }).then(
    (response) =>
      response.json() as Promise<{
        checks?: Record<string, { ok: boolean; duration_ms: number; is_required?: boolean; detail?: string }>;
      }>,
    () => undefined,
  );
  if (!ready?.checks) {
    report("!!", "port", `${config.http.port} is in use by a program that is not Tesslate Studio, or that does not respond. Set PORT`);
    return;
  }
  const isOwn = await findServer(dataDir).then(
    ({ state }) => state === "running",
    () => false,
  );
  if (isOwn) report("ok", "port", `${config.http.port} is used by the server of this data folder`);
  else report("!!", "port", `${config.http.port} is in use by another Tesslate Studio. Set PORT`);
  for (const [name, check] of Object.entries(ready.checks))
    report(
      check.ok ? "ok" : check.is_required === false ? "!!" : "XX",
      `running: ${name}`,
      check.ok ? `responds in ${check.duration_ms} ms` : (check.detail ?? "does not work; see the server log"),
    );
};

const checkDataFolder: Check["run"] = async (report, _config, dataDir) => {
  try {
    await mkdir(dataDir, { recursive: true });
    await writeFile(join(dataDir, ".doctor"), "");
    await rm(join(dataDir, ".doctor"));
    const { bavail, bsize } = statfsSync(dataDir);
    const freeGiB = (bavail * bsize) / 2 ** 30;
    report(freeGiB > 2 ? "ok" : "!!", "data folder", `${dataDir}, ${freeGiB.toFixed(1)} GiB free`);
  } catch (error) {
    report("XX", "data folder", `${dataDir} is not writable: ${(error as Error).message}. Set DATA_DIR`);
  }
};

const checkObjects: Check["run"] = async (report, config, dataDir) => {
  const files = await openObjects(config, dataDir);
  try {
    await files.objects.check();
    report(
      "ok",
      "object store",
      files.objects.kind === "folder" ? "in the data folder" : `${files.objects.address}: can write, read and delete`,
    );
  } catch (error) {
    const reason = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    report(
      "XX",
      "object store",
      `${files.objects.address} does not work: ${reason}. Check OBJECTS_S3_*, the bucket and the rights of its key`,
    );
  } finally {
    await files.close();
  }
};

const checkBackups: Check["run"] = async (report, config) => {
  const { target } = config.backups;
  if (target !== undefined) {
    try {
      await checkBackupTarget(target, config);
      report("ok", "backup target", `${target}: can write, read and delete`);
    } catch (error) {
      const isExplained = error instanceof BackupError || !(error instanceof Error && error.cause instanceof Error);
      const reason = isExplained ? (error as Error).message : (error.cause as Error).message;
      report(
        "XX",
        "backup target",
        `${target} does not work: ${reason}. Check BACKUP_TARGET${target.startsWith("s3:") ? " and S3_…" : ""}`,
      );
    }
  }
};

const checkPrograms: Check["run"] = async (report, config) => {
  const programs = programsOf(config.runtime.driver, {
    nft: existsSync("/usr/sbin/nft") ? "/usr/sbin/nft" : "nft",
    // In a container, its options decide about networks.
    needsPasta: process.getuid?.() !== 0 && !isContainerImage(),
  });
  for (const { name, command, args, without, packages = name } of programs) {
    const found = firstLine(command, [...args]);
    report(found ? "ok" : "!!", name, found ?? `not found: ${without}. ${adviceToInstall(packages)}`);
  }
};

const checkDocker: Check["run"] = async (report, config) => {
  if (!runsProjectsHere(config.runtime.driver)) return;
  try {
    report("ok", "docker", `engine ${await findDockerEngine(config.runtime.docker)} at ${config.runtime.docker.host}`);
  } catch (error) {
    const isNeeded = config.runtime.driver === "docker";
    report(isNeeded ? "XX" : "!!", "docker", `${(error as Error).message}${isNeeded ? "" : ": only RUNTIME_DRIVER=docker needs one"}`);
  }
};

const checkDatabase: Check["run"] = async (report, config) => {
  if (!config.database.url) {
    const problem = userNameProblem();
    report(problem === undefined ? "ok" : "XX", "database", problem ?? "embedded PostgreSQL in the data folder");
  } else {
    const { default: pg } = await import("pg");
    const client = new pg.Client({ connectionString: config.database.url.reveal(), connectionTimeoutMillis: 5000 });
    try {
      await client.connect();
      const { rows } = await client.query<{ server_version_num: string; server_version: string }>(
        "select current_setting('server_version_num') as server_version_num, current_setting('server_version') as server_version",
      );
      report(
        Number(rows[0]?.server_version_num) >= 150_000 ? "ok" : "XX",
        "database",
        `PostgreSQL ${rows[0]?.server_version} (15 or newer is needed)`,
      );
    } catch (error) {
      report("XX", "database", `DATABASE_URL is not reachable: ${(error as Error).message}`);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
};

const checkProjectCode: Check["run"] = async (report, config, dataDir) => {
  const probe = join(dataDir, `doctor-${process.pid}`);
  try {
    const runtime = await createRuntime({
      driver: config.runtime.driver,
      dataDir: probe,
      docker: config.runtime.docker,
      remote: await readRemoteOptions(config.runtime),
      kubernetes: kubernetesOptions(config.runtime),
    });
    report(runtime.isolation === "full" ? "ok" : "!!", "project code", `${runtime.name}, isolation ${runtime.isolation}`);
    if (runtime.name === "sandbox" && config.runtime.driver !== "remote") {
      const facts = {
        warnings: runtime.warnings,
        isRoot: process.getuid?.() === 0,
        hasPasta: firstLine("pasta", ["--version"]) !== undefined,
        hasTun: isUsable("/dev/net/tun"),
        hasCgroups2: existsSync("/sys/fs/cgroup/cgroup.controllers"),
        isContainerImage: isContainerImage(),
      };
      for (const { mark, what, detail } of isolationLines(facts)) report(mark, what, detail);
    } else for (const warning of runtime.warnings) report("!!", "project code", warning);
    const sandbox = await runtime.open({ id: "doctor" });
    const started = performance.now();
    const { exitCode, stdout, stderr } = await sandbox.exec(["node", "--version"], { timeoutMs: 20_000 });
    report(
      exitCode === 0 ? "ok" : "XX",
      "sandbox",
      exitCode === 0 ? `node ${stdout.trim()} answers in ${Math.round(performance.now() - started)} ms` : stderr.trim(),
    );
    const registry = await sandbox.exec(["npm", "ping"], { timeoutMs: 15_000 });
    report(
      registry.exitCode === 0 ? "ok" : "!!",
      "package registry",
      registry.exitCode === 0 ? "reachable from a sandbox" : "not reachable from a sandbox; bundled templates work once they are prepared",
    );
    if (runtime.name === "kubernetes") {
      const connect = `const socket = require("net").connect({ host: process.argv[1], port: 443, timeout: 5000 });
        socket.on("connect", () => process.exit(9)).on("error", () => process.exit(0)).on("timeout", () => process.exit(0));`;
      const api = await sandbox.exec(["node", "-e", connect, "kubernetes.default.svc"], { timeoutMs: 15_000 });
      report(
        api.exitCode === 0 ? "ok" : "XX",
        "network policies",
        api.exitCode === 0
          ? "enforced: a pod cannot reach the Kubernetes API"
          : "NOT enforced: use a network plugin that supports NetworkPolicy",
      );
    }
    await runtime.remove("doctor");
    await runtime.close();
  } catch (error) {
    report("XX", "project code", (error as Error).message);
  } finally {
    await rm(probe, { recursive: true, force: true });
  }
};

const checkBrowser: Check["run"] = async (report, config, dataDir) => {
  const chromium = await findChromium(config.verify.chromiumPath, { packaged: createBrowserPackage(join(dataDir, "chromium")).find() });
  const isBrought = config.verify.isDownloaded && config.verify.chromiumPath === undefined && packageProblem() === undefined;
  if ("missing" in chromium)
    report(
      "!!",
      "browser",
      `${chromium.missing}: without a browser the agent cannot verify apps${isBrought ? "; the server installs one after its start" : ""}`,
    );
  else report("ok", "browser", `${chromium.executable}, behind ${chromium.isolation === "bubblewrap" ? "bubblewrap" : "its own sandbox"}`);
};

const checkAccounts: Check["run"] = async (report, config) => {
  const signIn = signUpProblem(config.auth.signUp, configuredProviders(config.auth.oauth));
  if (signIn !== undefined) report("!!", "sign-up", signIn);
  const providers = [
    config.models.openai.key && "openai",
    config.models.anthropic.key && "anthropic",
    config.models.google.key && "google",
    config.models.ollama.baseUrl && "ollama",
  ].filter(Boolean);
  report(
    providers.length > 0 ? "ok" : "!!",
    "models",
    providers.length > 0 ? providers.join(", ") : "no API key in the environment; connect a model in the app",
  );
};

/** In the order in which they are shown. */
export const checks: readonly Check[] = [
  { what: "port", seconds: 15, subject: ({ http }) => `port ${http.port}`, run: checkPort },
  { what: "data folder", seconds: 10, subject: (_config, dataDir) => `${dataDir} (DATA_DIR)`, run: checkDataFolder },
  { what: "object store", seconds: 30, subject: ({ objects }) => objects.s3.bucket ?? "the data folder", run: checkObjects },
  { what: "backup target", seconds: 30, subject: ({ backups }) => `${backups.target} (BACKUP_TARGET)`, run: checkBackups },
  { what: "programs", seconds: 45, subject: () => "a program of this machine", run: checkPrograms },
  { what: "docker", seconds: 15, subject: ({ runtime }) => runtime.docker.host, run: checkDocker },
  { what: "database", seconds: 20, subject: () => "the database", run: checkDatabase },
  { what: "project code", seconds: 120, subject: () => "a sandbox", run: checkProjectCode },
  { what: "browser", seconds: 20, subject: () => "the search for a browser", run: checkBrowser },
  { what: "accounts", seconds: 10, subject: () => "the settings", run: checkAccounts },
];
